// What the compiler makes of the type of metadata, all over the public surface.
import {
  type Commit,
  CowShardexIndex,
  type DocumentRecord,
  type IndexDraft,
  type IndexWriter,
  type JsonValue,
  type Metadata,
  type Recipe,
  type Replica,
  type ShardexIndex,
  applyDelta,
  createIndex,
  diff,
  getDocument,
  merge,
  search,
  update,
  updateWithDelta,
} from 'shardex';
import { describe, expectTypeOf, test } from 'vitest';

interface Film {
  title: string;
  year: number;
  tags: string[];
  rating?: number;
}

interface Book {
  author: string;
}

const films = createIndex<Film>({ dimensions: 2, indexed: ['year', 'tags'] });

describe('an index of films', () => {
  test('stays one, whatever is done with it', () => {
    expectTypeOf(films).toEqualTypeOf<ShardexIndex<Film>>();
    expectTypeOf(update(films, () => undefined)).toEqualTypeOf<ShardexIndex<Film>>();
    expectTypeOf(updateWithDelta(films, () => undefined)).toEqualTypeOf<Commit<Film>>();
    expectTypeOf(applyDelta(films, diff(films, films))).toEqualTypeOf<ShardexIndex<Film>>();
    expectTypeOf(merge(films, films, films)).toEqualTypeOf<ShardexIndex<Film>>();
  });

  test('gives back films, read-only in all their depth', () => {
    const film = getDocument(films, 'heat')?.metadata;
    expectTypeOf(film?.year).toEqualTypeOf<number | undefined>();
    expectTypeOf(film?.tags).toEqualTypeOf<readonly string[] | undefined>();
    // @ts-expect-error It is frozen.
    if (film !== undefined) film.year = 1;
    // @ts-expect-error There is no such field.
    expectTypeOf(film?.director).toBeAny();
  });

  test('takes films only', () => {
    update(films, (draft) => {
      expectTypeOf(draft).toEqualTypeOf<IndexDraft<Film>>();
      draft.putDocument('heat', { metadata: { title: 'Heat', year: 1995, tags: ['crime'] } });
      draft.setMetadata('heat', getDocument(films, 'heat')?.metadata);
      // @ts-expect-error A year is a number.
      draft.putDocument('ran', { metadata: { title: 'Ran', year: '1985', tags: [] } });
      // @ts-expect-error The tags are missing.
      draft.setMetadata('ran', { title: 'Ran', year: 1985 });
    });
    const edit: Recipe<Film> = (draft) => {
      draft.editMetadata('heat', (film) => {
        expectTypeOf(film).toEqualTypeOf<Film>();
        film.tags.push('heist');
        delete film.rating;
      });
    };
    expectTypeOf(edit).parameter(0).toEqualTypeOf<IndexDraft<Film>>();
  });

  test('names its indexed fields by their paths', () => {
    createIndex<Film>({ dimensions: 2, indexed: ['year', 'tags.0'] });
    // @ts-expect-error There is no such field.
    createIndex<Film>({ dimensions: 2, indexed: ['yaer'] });
    createIndex({ dimensions: 2, indexed: ['anything.at.all'] });
  });

  test('can be passed where any index can, also in generic code', () => {
    const count = (index: ShardexIndex): number => index.documentCount;
    const generic = <M extends object>(index: ShardexIndex<M>): number => count(index);
    expectTypeOf(generic).toBeCallableWith(films);
    expectTypeOf(search).toBeCallableWith(films, [1, 0], { k: 1 });
    // @ts-expect-error An index of films is none of books.
    const books: ShardexIndex<Book> = films;
    expectTypeOf(books).not.toBeAny();
  });
});

describe('a cell of films', () => {
  const cell = new CowShardexIndex(films);

  test('hands out films', () => {
    expectTypeOf(cell).toEqualTypeOf<CowShardexIndex<Film>>();
    expectTypeOf(cell.read()).toEqualTypeOf<ShardexIndex<Film>>();
    expectTypeOf(cell.cloneForWrite()).toEqualTypeOf<IndexWriter<Film>>();
    expectTypeOf(cell.fork()).toEqualTypeOf<CowShardexIndex<Film>>();
    expectTypeOf(cell.update(() => undefined)).toEqualTypeOf<Commit<Film>>();
    cell.subscribe((commit) => {
      expectTypeOf(commit).toEqualTypeOf<Commit<Film>>();
    })();
  });

  test('can be passed where any cell can', () => {
    const version = (any: CowShardexIndex): number => any.version;
    expectTypeOf(version).toBeCallableWith(cell);
    expectTypeOf<Replica<Film>>().toExtend<Replica>();
  });
});

test('an index that says nothing of metadata has any', () => {
  const index = createIndex({ dimensions: 2 });
  expectTypeOf(index).toEqualTypeOf<ShardexIndex<Metadata>>();
  expectTypeOf(getDocument(index, 'a')?.metadata?.title).toEqualTypeOf<JsonValue | undefined>();
  expectTypeOf(getDocument(index, 'a')).toEqualTypeOf<DocumentRecord | undefined>();
});
