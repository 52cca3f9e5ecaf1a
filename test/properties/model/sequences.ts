import * as fc from 'fast-check';
import type { ShardexOptions } from 'shardex';
import { cellCommands } from './cell-commands.js';
import { DIMENSIONS } from './operation.js';
import { type Model, type Real, expectAllAsItShouldBe, setUp } from './system.js';
import { writerCommands } from './writer-commands.js';

/**
 * Random sequences of everything that can be done to cells, writers and versions, against a model that says after each
 * step what every version must hold (I1, I5, I7), which commits conflict and where (I3), and every version number (I2).
 */
export function sequencesAgree(
  config: Pick<ShardexOptions, 'metric' | 'reassign'>,
  afterwards: (model: Model, real: Real) => void = () => undefined,
): fc.IProperty<[Iterable<fc.Command<Model, Real>>]> {
  const sequences = fc.commands([...cellCommands, ...writerCommands], { maxCommands: 40, size: '+1' });
  return fc.property(sequences, (commands) => {
    const system = setUp({ dimensions: DIMENSIONS, shardCapacity: 8, ...config });
    fc.modelRun(() => system, commands);
    expectAllAsItShouldBe(system.model, system.real);
    afterwards(system.model, system.real);
  });
}
