/** What one client may ask of the server. Each number bounds memory or time that a stranger can take. */
export type RpcLimits = {
  /** Bytes of one HTTP body or WebSocket message. geth: 5 MiB; the largest honest one is a transaction of 128 KiB in hex. */
  readonly bodyBytes: number;
  /** Calls in one batch. geth's BatchRequestLimit. */
  readonly batchCalls: number;
  /** Bytes of one answer, of a whole batch together. geth's BatchResponseMaxSize. */
  readonly responseBytes: number;
  /** Nested arrays and objects in a request; the deepest honest one (a filter's topics in a batch) has 6. */
  readonly jsonDepth: number;
  /** Values in a request: more than any whose parts are words of hex can have. */
  readonly jsonValues: number;
  /** Milliseconds for one call, after which the client gets an error. geth's default is 30 s. */
  readonly requestMs: number;
  /** TCP connections of all clients together, each of which may have an answer in memory. */
  readonly connections: number;
  /** Open WebSockets of all clients together. */
  readonly sockets: number;
  /** Subscriptions of one socket: a wallet or indexer has fewer than ten. */
  readonly subscriptionsPerSocket: number;
  /** Messages of one socket whose answers are outstanding; more are refused, so a sender cannot queue without bound. */
  readonly pendingPerSocket: number;
  /** Bytes that wait for a slow reader; more than that and the socket is cut. */
  readonly socketBufferBytes: number;
  /** Blocks that one eth_getLogs may span: each costs a header read and a bloom check. */
  readonly logsBlocks: number;
  /** Logs in one answer: 10,000 are about 5 MB of JSON. */
  readonly logsResults: number;
  /** Addresses, or alternatives of one topic, in a filter. geth's errExceedLogQueryLimit. */
  readonly logsAlternatives: number;
  /** Filters of eth_newFilter and its kin, of all clients together. */
  readonly filters: number;
  /** Milliseconds after which a filter that nobody polls is forgotten. geth: 5 min. */
  readonly filterMs: number;
  /** Gas of one eth_call or eth_estimateGas. geth's RPCGasCap. */
  readonly callGas: bigint;
  /** Characters of one trace's JSON: no more than an answer may have is made. A step has some 300. */
  readonly traceCharacters: number;
  /** Storage keys in one eth_getProof. geth's maxGetStorageSlots. */
  readonly proofKeys: number;
  /** Blocks of one eth_feeHistory without percentiles. geth's maxHeaderHistory. */
  readonly feeHistoryHeaders: number;
  /** Blocks of one eth_feeHistory with percentiles, which reads bodies. geth's maxBlockHistory. */
  readonly feeHistoryBlocks: number;
};

export const DEFAULT_RPC_LIMITS: RpcLimits = {
  bodyBytes: 5 * 1024 * 1024,
  batchCalls: 1_000,
  responseBytes: 25_000_000,
  jsonDepth: 32,
  jsonValues: 100_000,
  requestMs: 30_000,
  connections: 2_000,
  sockets: 1_000,
  subscriptionsPerSocket: 100,
  pendingPerSocket: 256,
  socketBufferBytes: 8 * 1024 * 1024,
  logsBlocks: 10_000,
  logsResults: 10_000,
  logsAlternatives: 1_000,
  filters: 1_000,
  filterMs: 5 * 60_000,
  callGas: 50_000_000n,
  traceCharacters: 25_000_000,
  proofKeys: 1_024,
  feeHistoryHeaders: 65_536,
  feeHistoryBlocks: 1_024,
};
