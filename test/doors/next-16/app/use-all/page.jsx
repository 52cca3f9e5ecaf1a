'use client';
import { useEffect } from 'react';
import * as shardex from 'shardex';
import { report } from '../../report.mjs';

export default function Page() {
  useEffect(() => report(shardex), []);
  return <p>shardex</p>;
}
