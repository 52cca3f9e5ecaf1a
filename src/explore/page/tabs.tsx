/*
 * Tabs that keyboards reach: one stop for Tab, arrows between them. Only the open one is there, so only that one asks.
 */

import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';

interface Tab {
  readonly name: string;
  readonly view: () => JSX.Element;
}

export function Tabs({ label, tabs }: { readonly label: string; readonly tabs: readonly Tab[] }) {
  const [open, setOpen] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent): void => {
    const steps: Record<string, number> = {
      ArrowRight: open + 1,
      ArrowLeft: open - 1,
      Home: 0,
      End: tabs.length - 1,
    };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const next = (steps[event.key] + tabs.length) % tabs.length;
    setOpen(next);
    list.current?.querySelectorAll('button')[next].focus();
  };
  return (
    <section class="details" aria-label={label}>
      <div role="tablist" aria-label={label} ref={list} onKeyDown={move}>
        {tabs.map(({ name }, i) => (
          <button
            type="button"
            role="tab"
            id={`tab-${i}`}
            aria-controls="tab-panel"
            aria-selected={i === open}
            tabIndex={i === open ? 0 : -1}
            onClick={() => {
              setOpen(i);
            }}
          >
            {name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="tab-panel" aria-labelledby={`tab-${open}`}>
        {tabs[open].view()}
      </div>
    </section>
  );
}
