import 'shardex/pool-worker';
