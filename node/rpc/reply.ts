/** JSON-RPC 2.0 and geth's own error codes. */
export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;
/** geth's code for every error that has none of its own. */
export const SERVER_ERROR = -32000;
/** geth's errcodeTimeout. */
export const TIMED_OUT = -32002;
/** geth's errcodeResponseTooLarge. */
export const RESPONSE_TOO_LARGE = -32003;
/** EIP-1474: a request exceeds a defined limit. */
export const LIMIT_EXCEEDED = -32005;
/** geth's code of a call that reverted; `data` is the revert data. */
export const EXECUTION_REVERTED = 3;

export type RpcResult = { readonly kind: "result"; readonly value: unknown };
export type RpcFailure = {
  readonly kind: "failure";
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
};
/** A value that is JSON text already: a long one, made on another thread. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A method's answer. Whatever a client asks, a failure is a value; an exception is a fault of the node. */
export type Reply = RpcResult | RpcFailure;

/** A successful answer; `value` must be JSON as it stands (hex text, no bigint, no bytes), or `JsonText`. */
export function result(value: unknown): RpcResult {
  return { kind: "result", value };
}

/** An error answer. `data` is left out of the JSON when it is not given. */
export function failure(code: number, message: string, data?: unknown): RpcFailure {
  return data === undefined ? { kind: "failure", code, message } : { kind: "failure", code, message, data };
}

/** geth's answer where a block that the caller named is not there. */
export const HEADER_NOT_FOUND: RpcFailure = failure(SERVER_ERROR, "header not found");
