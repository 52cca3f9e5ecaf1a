/*
 * What may be written where the explorer was asked to: undo, redo, restore the version that is shown, tag it, remove a tag.
 */

import { useState } from 'preact/hooks';
import { post } from './client.js';

interface WriteBarProps {
  readonly kind: 'cell' | 'store';
  readonly version: number | undefined;
  readonly tags: readonly { readonly name: string; readonly version: number }[];
  readonly onWritten: () => void;
}

export function WriteBar({ kind, version, tags, onWritten }: WriteBarProps) {
  const [said, setSaid] = useState<{ readonly text: string; readonly isError: boolean } | undefined>(
    undefined,
  );
  const [tag, setTag] = useState('');
  const write = (name: string, body: object, done: (answer: unknown) => string): void => {
    post(name, body).then(
      (answer) => {
        setSaid({ text: done(answer), isError: false });
        onWritten();
      },
      (error: unknown) => {
        setSaid({ text: error instanceof Error ? error.message : String(error), isError: true });
      },
    );
  };
  const published = (answer: unknown): string => {
    const { version: made } = answer as { readonly version: number | null };
    return made === null ? 'There is nothing to do.' : `Published version ${made}.`;
  };
  return (
    <div class="writing" role="group" aria-label="Write">
      {kind === 'store' &&
        (['undo', 'redo'] as const).map((step) => (
          <button
            type="button"
            onClick={() => {
              write(step, {}, published);
            }}
          >
            {step === 'undo' ? 'Undo' : 'Redo'}
          </button>
        ))}
      <button
        type="button"
        onClick={() => {
          write('restore', { version }, published);
        }}
      >
        Restore {version}
      </button>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          write('tag', { name: tag, version }, () => `Tagged version ${version ?? ''} as ${tag}.`);
          setTag('');
        }}
      >
        <input
          aria-label={`Tag for version ${version ?? ''}`}
          placeholder="tag"
          required
          value={tag}
          onInput={({ currentTarget }) => {
            setTag(currentTarget.value);
          }}
        />
        <button type="submit">Tag</button>
      </form>
      {tags
        .filter((one) => one.version === version)
        .map(({ name }) => (
          <button
            type="button"
            onClick={() => {
              write('untag', { name }, () => `Removed the tag ${name}.`);
            }}
          >
            Remove tag {name}
          </button>
        ))}
      <p role={said?.isError === true ? 'alert' : 'status'}>{said?.text}</p>
    </div>
  );
}
