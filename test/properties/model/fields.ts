import type { NaiveTwin, TwinRecord } from '../../support/naive-twin.js';

/** Fields of records by document: `'text'`, `'metadata'`, `'metadata.a'`; or all of a record. */
export type TouchedFields = ReadonlyMap<string, 'whole' | ReadonlySet<string>>;

/** Whether two states of a record are the same, down to the order of names. */
function sameRecord(a: TwinRecord, b: TwinRecord): boolean {
  return a.text === b.text && JSON.stringify(a.metadata) === JSON.stringify(b.metadata);
}

/** Whether two states have other records. */
export function recordsDiffer(before: NaiveTwin, after: NaiveTwin): boolean {
  const ids = new Set([...before.records().keys(), ...after.records().keys()]);
  return [...ids].some((id) => !sameRecord(before.record(id), after.record(id)));
}

/** The fields in which two records differ. */
export function differingFields(a: TwinRecord, b: TwinRecord): string[] {
  const fields = a.text === b.text ? [] : ['text'];
  if (JSON.stringify(a.metadata) === JSON.stringify(b.metadata)) return fields;
  const [before, after] = [a.metadata, b.metadata];
  if (before === undefined || after === undefined) return [...fields, 'metadata'];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const differ = [...names].filter((name) => own(before, name) !== own(after, name));
  return [...fields, ...(differ.length === 0 ? ['metadata'] : differ.map((name) => `metadata.${name}`))];
}

/** Whether a field, a part of it, or what it is a part of was touched. */
function coversField(touched: TouchedFields, documentId: string, field: string): boolean {
  const fields = touched.get(documentId);
  if (fields === undefined || fields === 'whole') return fields === 'whole';
  return [...fields].some(
    (other) => other === field || other.startsWith(`${field}.`) || field.startsWith(`${other}.`),
  );
}

/** What is to become of the records of the documents that a draft touched, and the documents in which it conflicts. */
export function joinRecords(
  base: NaiveTwin,
  mine: NaiveTwin,
  current: NaiveTwin,
  touched: TouchedFields,
  recorded: readonly TouchedFields[],
): { readonly conflicts: readonly string[]; readonly joined: ReadonlyMap<string, TwinRecord> } {
  const conflicts: string[] = [];
  const joined = new Map<string, TwinRecord>();
  for (const documentId of touched.keys()) {
    const [was, my, theirs] = [base, mine, current].map((twin) => twin.record(documentId));
    const byMe = differingFields(was, my);
    const met =
      differingFields(was, theirs).some((field) => coversField(touched, documentId, field)) ||
      byMe.some((field) => recorded.some((other) => coversField(other, documentId, field)));
    if (met) conflicts.push(documentId);
    else if (byMe.length > 0) joined.set(documentId, join(was, my, theirs));
  }
  return { conflicts, joined };
}

function join(was: TwinRecord, my: TwinRecord, theirs: TwinRecord): TwinRecord {
  const text = my.text === was.text ? theirs.text : my.text;
  const [before, mine, other] = [was, my, theirs].map(({ metadata }) => metadata);
  if (JSON.stringify(mine) === JSON.stringify(before)) return { text, metadata: other };
  if (JSON.stringify(other) === JSON.stringify(before)) return { text, metadata: mine };
  const metadata: Record<string, number> = {};
  for (const name of new Set([...Object.keys(other ?? {}), ...Object.keys(mine ?? {})])) {
    const value = own(mine, name) === own(before, name) ? own(other, name) : own(mine, name);
    if (value !== undefined) metadata[name] = value;
  }
  return { text, metadata };
}

function own(fields: TwinRecord['metadata'], name: string): number | undefined {
  return fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined;
}
