import * as shardex from 'shardex';
import { useAll } from '../../use-all.mjs';

export const dynamic = 'force-dynamic';

export async function GET() {
  return Response.json(await useAll(shardex));
}
