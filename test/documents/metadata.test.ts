// What metadata may be, and what becomes of them: frozen copies that share what stayed the same.
import * as fc from 'fast-check';
import {
  AsyncRecipeError,
  InvalidMetadataError,
  type JsonValue,
  type Metadata,
  createIndex,
  getDocument,
  update,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { thrownBy } from '../support/thrown.js';
import { ODD_NAMES, REFUSED, metadata, nested } from './values.js';

const empty = createIndex({ dimensions: 1 });

function metadataOf(index: typeof empty, documentId = 'a'): Metadata | undefined {
  return getDocument(index, documentId)?.metadata;
}

const withMetadata = (given: unknown, index = empty): typeof empty =>
  update(index, (draft) => {
    draft.setMetadata('a', given as Metadata);
  });

function expectFrozen(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  expect(Object.isFrozen(value)).toBe(true);
  for (const name of Object.keys(value)) expectFrozen((value as Record<string, unknown>)[name]);
}

describe('metadata that are set', () => {
  test('come back as they were given, frozen through and through', () => {
    fc.assert(
      fc.property(metadata, (given) => {
        const taken = metadataOf(withMetadata(given));
        expect(JSON.stringify(taken)).toBe(JSON.stringify(given));
        expectFrozen(taken);
        expect(taken === given).toBe(false);
      }),
    );
  });

  test('change nothing where they are there already', () => {
    fc.assert(
      fc.property(metadata, (given) => {
        const index = withMetadata(given);
        expect(withMetadata(structuredClone(given), index)).toBe(index);
      }),
    );
  });

  test('share what stayed the same, and only that', () => {
    fc.assert(
      fc.property(metadata, metadata, (a, b) => {
        const index = withMetadata({ a, b });
        const next = withMetadata({ a: structuredClone(a), b: { other: b } }, index);
        expect(metadataOf(next)?.a).toBe(metadataOf(index)?.a);
        expect(metadataOf(next)?.b).toEqual({ other: b });
      }),
    );
    const before = withMetadata({ a: { deep: [1, { x: 1 }] }, b: 1 });
    const after = withMetadata({ a: { deep: [1, { x: 1 }] }, b: 2 }, before);
    expect(metadataOf(after)?.a).toBe(metadataOf(before)?.a);
    const other = withMetadata({ a: { deep: [2, { x: 1 }] }, b: 1 }, before);
    const [deep, was] = [other, before].map((index) => (metadataOf(index)?.a as { deep: JsonValue[] }).deep);
    expect(deep === was).toBe(false);
    expect(deep[1]).toBe(was[1]);
  });

  test('are other ones where only the order of their names is', () => {
    const before = withMetadata({ a: 1, b: 2 });
    const after = withMetadata({ b: 2, a: 1 }, before);
    expect(Object.keys(metadataOf(after) ?? {})).toEqual(['b', 'a']);
    expect(after.fingerprint === before.fingerprint).toBe(false);
  });

  test('lose what JSON loses without a word: fields that are undefined, and the sign of zero', () => {
    const taken = metadataOf(withMetadata({ a: undefined, z: -0 }));
    expect(taken).toEqual({ z: 0 });
    expect(Object.is(taken?.z, 0)).toBe(true);
    expect(Object.keys(taken ?? {})).toEqual(['z']);
  });

  test('may be nested 32 levels deep, and have no prototype', () => {
    expect(metadataOf(withMetadata(nested(32)))).toEqual(nested(32));
    const bare = Object.assign(Object.create(null) as Metadata, { a: 1 });
    expect(metadataOf(withMetadata(bare))).toEqual({ a: 1 });
  });

  test.each(ODD_NAMES.map((name) => [name]))('may have a field called %o', (name) => {
    const given = JSON.parse(`{${JSON.stringify(name)}:{"x":[1]},"other":1}`) as Metadata;
    const index = withMetadata(given);
    const taken = metadataOf(index);
    expect(Object.getPrototypeOf(taken)).toBe(Object.prototype);
    expect(Object.keys(taken ?? {}).sort()).toEqual([name, 'other'].sort());
    expect(Object.hasOwn(taken ?? {}, name)).toBe(true);
    const edited = update(index, (draft) => {
      draft.editMetadata('a', (fields) => {
        const field: { x: number[] } = Reflect.get(fields, name) as never;
        field.x.push(2);
      });
    });
    expect(JSON.stringify(Reflect.get(metadataOf(edited) ?? {}, name))).toBe('{"x":[1,2]}');
    expect(JSON.stringify(Reflect.get(taken ?? {}, name))).toBe('{"x":[1]}');
    expect(Object.hasOwn(metadataOf(edited) ?? {}, name)).toBe(true);
    expect(withMetadata(given, index)).toBe(index);
    expect(metadataOf(withMetadata({ other: 1 }, index))).toEqual({ other: 1 });
  });

  test('stay as they were when the caller changes what it gave', () => {
    const tags = ['a'];
    const index = withMetadata({ tags });
    tags.push('b');
    expect(metadataOf(index)).toEqual({ tags: ['a'] });
    expect(Object.isFrozen(tags)).toBe(false);
  });
});

describe('metadata are refused with', () => {
  test.each(REFUSED)('%s', (_, given, path, instead) => {
    const index = withMetadata({ year: 1995 });
    update(index, (draft) => {
      for (const put of [
        () => {
          draft.setMetadata('a', given as Metadata);
        },
        () => {
          draft.putDocument('a', { metadata: given as Metadata, text: 'new' });
        },
      ]) {
        const error = thrownBy(put);
        expect(error).toBeInstanceOf(InvalidMetadataError);
        expect(error).toMatchObject({ code: 'INVALID_METADATA', path, documentId: 'a' });
        expect(String(error)).toContain(instead);
      }
      expect(draft.preview()).toBe(index);
    });
  });

  // What a getter has would be assigned as a value, and Immer does not let a revoked proxy in.
  const assignable = REFUSED.filter(([what, , path]) => path !== '' && !/getter|proxy/.test(what));
  test.each(assignable)('%s, put in by a recipe', (_, given, path) => {
    const index = withMetadata({ year: 1995 });
    update(index, (draft) => {
      const error = thrownBy(() => {
        draft.editMetadata('a', (film) => {
          Object.assign(film, given);
        });
      });
      expect(error).toBeInstanceOf(InvalidMetadataError);
      expect(error).toMatchObject({ path });
      expect(draft.preview()).toBe(index);
    });
  });
});

test('what a recipe puts in that nobody can read is refused as well', () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  update(withMetadata({ year: 1995 }), (draft) => {
    const error = thrownBy(() => {
      draft.editMetadata('a', (film) => {
        film.inner = { proxy };
        revoke();
      });
    });
    expect(error).toMatchObject({ code: 'INVALID_METADATA', documentId: 'a' });
  });
});

describe('an edit', () => {
  const film = withMetadata({ title: 'Heat', tags: ['crime'], cast: { lead: 'Pacino' } });

  test('shares what it leaves alone, and leaves the version before as it was', () => {
    const edited = update(film, (draft) => {
      draft.editMetadata('a', (fields) => {
        (fields.tags as string[]).push('heist');
      });
    });
    expect(metadataOf(edited)).toEqual({ title: 'Heat', tags: ['crime', 'heist'], cast: { lead: 'Pacino' } });
    expect(metadataOf(film)).toEqual({ title: 'Heat', tags: ['crime'], cast: { lead: 'Pacino' } });
    expect(metadataOf(edited)?.cast).toBe(metadataOf(film)?.cast);
    expectFrozen(metadataOf(edited));
  });

  test('that changes nothing makes no version', () => {
    const same = update(film, (draft) => {
      draft.editMetadata('a', (fields) => {
        fields.title = 'Heat';
        fields.tags = ['crime'];
      });
    });
    expect(same).toBe(film);
  });

  test('does not freeze what it puts in, and does not share it', () => {
    const tags = ['a'];
    const edited = update(film, (draft) => {
      draft.editMetadata('a', (fields) => {
        fields.tags = tags;
      });
    });
    tags.push('b');
    expect(metadataOf(edited)?.tags).toEqual(['a']);
  });

  test('can move parts about', () => {
    const edited = update(film, (draft) => {
      draft.editMetadata('a', (fields) => {
        Object.assign(fields, { copy: { of: [fields.cast] } });
        delete fields.cast;
      });
    });
    expect(metadataOf(edited)).toEqual({
      title: 'Heat',
      tags: ['crime'],
      copy: { of: [{ lead: 'Pacino' }] },
    });
    expectFrozen(metadataOf(edited));
  });

  test('ends its draft, also where it throws', () => {
    for (const fails of [false, true]) {
      let kept: Record<string, unknown> = {};
      update(film, (draft) => {
        const run = (): void => {
          draft.editMetadata('a', (fields) => {
            kept = fields;
            if (fails) throw new Error('enough');
          });
        };
        if (fails) expect(run).toThrow('enough');
        else run();
        expect(() => kept.title).toThrow(TypeError);
        expect(
          thrownBy(() => {
            draft.setMetadata('a', { kept } as unknown as Metadata);
          }),
        ).toMatchObject({
          code: 'INVALID_METADATA',
          path: 'kept',
        });
        expect(draft.preview()).toBe(film);
      });
    }
  });

  test('may not be async, nor put in a part of the draft of another document', () => {
    const two = update(film, (draft) => {
      draft.setMetadata('b', { tags: [] });
    });
    update(two, (draft) => {
      expect(() => {
        // eslint-disable-next-line @typescript-eslint/no-misused-promises -- That it is refused is what is tested.
        draft.editMetadata('a', async (fields: { title?: unknown }) => {
          fields.title = 'other';
          await Promise.resolve();
        });
      }).toThrow(AsyncRecipeError);
      draft.editMetadata('a', (fields) => {
        const error = thrownBy(() => {
          draft.editMetadata('b', (others) => {
            others.tags = fields.tags;
          });
        });
        expect(error).toMatchObject({ code: 'INVALID_METADATA', path: 'tags' });
        expect(String(error)).toContain('draft');
        expect(
          thrownBy(() => {
            draft.setMetadata('b', fields);
          }),
        ).toMatchObject({ path: '' });
      });
      expect(draft.preview()).toBe(two);
    });
  });

  test('of a document that is changed by its own recipe is refused, and what that did stays', () => {
    const index = update(film, (draft) => {
      expect(
        thrownBy(() => {
          draft.editMetadata('a', (fields) => {
            fields.title = 'outer';
            draft.setMetadata('a', { title: 'inner' });
          });
        }),
      ).toMatchObject({ code: 'INVALID_OPTION' });
    });
    expect(metadataOf(index)).toEqual({ title: 'inner' });
  });

  test('needs metadata to edit', () => {
    update(film, (draft) => {
      draft.setText('b', 'text alone');
      for (const id of ['b', 'nobody'])
        expect(
          thrownBy(() => {
            draft.editMetadata(id, () => undefined);
          }),
        ).toMatchObject({
          code: 'INVALID_METADATA',
          documentId: id,
        });
    });
  });
});
