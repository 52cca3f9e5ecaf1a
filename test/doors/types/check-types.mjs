// Checks a program against the declarations, under every kind of module resolution, and with and without the DOM's and
// Node's types. Nothing is skipped: a project may check the declarations of its libraries too.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const { default: ts } = await import(process.argv[2]);
const here = dirname(fileURLToPath(import.meta.url));
const { ModuleKind, ModuleResolutionKind } = ts;

const RESOLUTIONS = {
  node16: { moduleResolution: ModuleResolutionKind.Node16, module: ModuleKind.Node16 },
  nodenext: { moduleResolution: ModuleResolutionKind.NodeNext, module: ModuleKind.NodeNext },
  bundler: { moduleResolution: ModuleResolutionKind.Bundler, module: ModuleKind.ESNext },
  node10: { moduleResolution: ModuleResolutionKind.Node10, module: ModuleKind.ESNext },
};
const LIBS = [['es2022'], ['es2022', 'dom']];
const TYPES = [[], ['node']];

// The libs are read once, as most of the time goes there.
const files = new Map();
function hostOf(options) {
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile;
  host.getSourceFile = (name, target, ...rest) => {
    const key = `${name} ${JSON.stringify(target)}`;
    if (!files.has(key)) files.set(key, read.call(host, name, target, ...rest));
    return files.get(key);
  };
  return host;
}

let programs = 0;
const problems = new Set();
for (const [resolution, modules] of Object.entries(RESOLUTIONS)) {
  for (const lib of LIBS) {
    for (const types of TYPES) {
      const options = {
        ...modules,
        lib: lib.map((name) => `lib.${name}.d.ts`),
        types,
        target: ts.ScriptTarget.ES2022,
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        noEmit: true,
        ignoreDeprecations: ts.versionMajorMinor === '6.0' ? '6.0' : undefined,
      };
      programs++;
      const program = ts.createProgram([join(here, 'consumer.ts')], options, hostOf(options));
      // Not what other packages and TypeScript itself declare, which takes most of the time.
      const own = program
        .getSourceFiles()
        .filter(({ fileName }) => /node_modules\/shardex\/|consumer\.ts/.test(fileName));
      const diagnostics = [
        ...program.getOptionsDiagnostics(),
        ...program.getGlobalDiagnostics(),
        ...own.flatMap((file) => [
          ...program.getSyntacticDiagnostics(file),
          ...program.getSemanticDiagnostics(file),
        ]),
      ];
      for (const { file, start, messageText } of diagnostics) {
        const where = file && `${file.fileName}:${file.getLineAndCharacterOfPosition(start).line + 1}`;
        const text = ts.flattenDiagnosticMessageText(messageText, ' ');
        problems.add(`${ts.version} ${resolution}, lib ${lib}, types [${types}]: ${where ?? ''} ${text}`);
      }
    }
  }
}
for (const problem of problems) console.log(problem);
console.log(`TypeScript ${ts.version}: ${problems.size} problems in ${programs} projects`);
if (problems.size > 0) process.exitCode = 1;
