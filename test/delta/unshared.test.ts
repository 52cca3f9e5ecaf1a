/* Versions that were made apart and share nothing: a difference is what they say, not which objects say it. */

import { expect, test } from 'vitest';
import { type ShardexIndex, applyDelta, contentId, createIndex, diff, update } from 'shardex';
import { withContentsOf } from '../../src/delta/merge.js';

function made(): ShardexIndex {
  return update(createIndex({ dimensions: 2 }), (draft) => {
    for (const id of ['a', 'b', 'c'])
      draft.putDocument(id, {
        text: `text of ${id}`,
        metadata: { id },
        postings: [{ vector: [1, id.charCodeAt(0)] }],
      });
  });
}

test('records that say the same are no difference', () => {
  const [one, other] = [made(), made()];
  expect(diff(one, other).records).toEqual([]);
  const changed = update(other, (draft) => {
    draft.setText('b', 'another text');
  });
  const delta = diff(one, changed);
  expect(delta.records.map(({ documentId }) => documentId)).toEqual(['b']);
  expect(contentId(applyDelta(one, delta))).toBe(contentId(changed));
});

test('taking over the contents writes only what differs', () => {
  const [one, other] = [made(), made()];
  expect(withContentsOf(one, other)).toBe(one);
  const changed = update(other, (draft) => {
    draft.removeDocument('a');
    draft.setMetadata('c', { id: 'other' });
  });
  const next = withContentsOf(one, changed);
  expect([next.version, contentId(next)]).toEqual([2, contentId(changed)]);
  expect(next.records.get('b')).toBe(one.records.get('b'));
});
