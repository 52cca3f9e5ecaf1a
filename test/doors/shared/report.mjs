// In a page: says how it went where the door's runner listens.
import { useAll } from './use-all.mjs';

export function report(shardex, spawn) {
  useAll(shardex, spawn)
    .catch((error) => ({ error: String(error?.stack ?? error) }))
    .then((seen) => console.log(JSON.stringify(seen)));
}
