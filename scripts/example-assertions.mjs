// Turns the comments that show results in an example into assertions:
//
//   expression; // → value               expect(expression).toEqual(value)
//   console.log(expression); // → value  the same
//   const x = expression; // → value     expect(x).toEqual(value), after it
//   expression; // → ≈ 0.707             expect(expression).toBeCloseTo(0.707, 3): as many digits as shown
//   statement; // → throws ConflictError it must throw an error of that name
//
// The comment ends the statement's last line or stands on the line below, and a value that is incomplete on
// its first line goes on in the comment lines after it. An arrow that can't be understood is an error: an
// example must not look checked when it isn't.
import ts from 'typescript';

const ARROW = /\/\/[ \t]*→[ \t]*/g;
const RESULT = /^[ \t]*(?:\r?\n[ \t]*)?\/\/[ \t]*→[ \t]*(.*(?:\r?\n[ \t]*\/\/.*)*)/;

/**
 * @param {string} code
 * @param {boolean} isTsx whether there may be JSX in it
 * @param {(line: number, problem: string) => Error} problemAt makes the error for a line of the code, from 0
 * @returns {{ imports: string[], body: string }} the import declarations, and the rest with assertions
 */
export function addAssertions(code, isTsx, problemAt) {
  const file = ts.createSourceFile(`example.${isTsx ? 'tsx' : 'ts'}`, code, ts.ScriptTarget.ESNext, true);
  /** @type {{ start: number, end: number, text: string }[]} */
  const edits = [];
  const insert = (/** @type {number} */ at, /** @type {string} */ text) => {
    edits.push({ start: at, end: at, text });
  };
  const fail = (/** @type {number} */ position, /** @type {string} */ problem) =>
    problemAt(file.getLineAndCharacterOfPosition(position).line, problem);
  let read = 0;

  /** @param {ts.Node} node */
  const visit = (node) => {
    ts.forEachChild(node, visit);
    const comment = isStatement(node) ? RESULT.exec(code.slice(node.end))?.[1] : undefined;
    if (comment === undefined) return;
    read++;
    const error = /^throws (\w+)/.exec(comment)?.[1];
    if (error !== undefined) {
      const awaits = hasAwait(node);
      insert(node.getStart(), awaits ? 'await expect((async () => { ' : 'expect(() => { ');
      insert(
        node.end,
        ` }${awaits ? ')()).rejects' : ')'}.toThrow(expect.objectContaining({ name: '${error}' }));`,
      );
      return;
    }
    const check = matcher(comment);
    if (check === undefined) throw fail(node.end, `not a value: ${comment}`);
    if (ts.isExpressionStatement(node)) {
      const { expression } = node;
      if (ts.isCallExpression(expression) && expression.expression.getText() === 'console.log') {
        edits.push({ start: expression.getStart(), end: expression.expression.end, text: 'expect' });
        insert(expression.end, check);
      } else {
        insert(expression.getStart(), 'expect(');
        insert(expression.end, `)${check}`);
      }
      return;
    }
    const declared = ts.isVariableStatement(node) ? node.declarationList.declarations : [];
    const name = declared.at(0)?.name;
    if (declared.length !== 1 || name === undefined || !ts.isIdentifier(name)) {
      throw fail(node.end, 'a result belongs to an expression or to the declaration of one name');
    }
    insert(node.end, ` expect(${name.text})${check};`);
  };

  visit(file);
  if ([...code.matchAll(ARROW)].length !== read) throw fail(0, 'an arrow belongs to no statement');

  const imports = file.statements.filter((node) => ts.isImportDeclaration(node));
  for (const node of imports) edits.push({ start: node.getStart(), end: node.end, text: '' });
  const body = edits
    .sort((a, b) => b.start - a.start)
    .reduce((text, { start, end, text: added }) => text.slice(0, start) + added + text.slice(end), code);
  return { imports: imports.map((node) => node.getText()), body };
}

/**
 * @param {ts.Node} node
 * @returns {node is ts.Statement}
 */
function isStatement(node) {
  return ts.isStatement(node) && !ts.isBlock(node);
}

/**
 * Whether a statement itself awaits, not a function inside it.
 *
 * @param {ts.Node} node
 * @returns {boolean}
 */
function hasAwait(node) {
  if (ts.isAwaitExpression(node)) return true;
  return ts.forEachChild(node, (child) => !ts.isFunctionLike(child) && hasAwait(child)) === true;
}

/**
 * The call that compares with a result; undefined where the comment has no value that parses.
 *
 * @param {string} comment
 */
function matcher(comment) {
  const near = /^≈[ \t]*(-?\d+(?:\.\d+)?)[ \t]*$/m.exec(comment)?.[1];
  if (near !== undefined) return `.toBeCloseTo(${near}, ${near.split('.').at(1)?.length ?? 0})`;
  let value = '';
  for (const line of comment.split(/\r?\n/)) {
    value += `${line.replace(/^[ \t]*\/\/[ \t]?/, '')}\n`;
    const { diagnostics } = ts.transpileModule(`(${value})`, { reportDiagnostics: true });
    if (diagnostics?.length === 0) return `.toEqual(${value.trim()})`;
  }
  return undefined;
}
