import type { Port } from 'shardex';
import { type Random, integerBelow } from '../../support/random.js';

/** How often a message is lost, comes twice, or comes after the next one; out of a hundred. */
export interface Faults {
  readonly lost: number;
  readonly doubled: number;
  readonly late: number;
}

/** A port that treats what is sent through it badly. */
export function lossyPort(port: MessagePort, random: Random, faults: Faults): Port & { healed: boolean } {
  let late: unknown[] = [];
  const lossy = {
    healed: false,
    postMessage(message: unknown): void {
      const luck = lossy.healed ? 100 : integerBelow(random, 100);
      if (luck < faults.lost) return;
      if (luck < faults.lost + faults.late) {
        late.push(message);
        return;
      }
      port.postMessage(message);
      if (luck < faults.lost + faults.late + faults.doubled) port.postMessage(message);
      for (const each of late.splice(0)) port.postMessage(each);
    },
    addEventListener: port.addEventListener.bind(port) as Port['addEventListener'] & object,
    removeEventListener: port.removeEventListener.bind(port) as Port['removeEventListener'] & object,
    start: port.start.bind(port),
  };
  late = [];
  return lossy;
}
