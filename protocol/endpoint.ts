/** A URL as it may be asked: `fetch` refuses one with a user in it. */
export type RequestTarget = {
  readonly url: string;
  /** What the URL's user becomes; empty when it names none. */
  readonly headers: Readonly<Record<string, string>>;
};

/** An endpoint's name for logs and errors: never its path, query or user, where keys are. */
export function endpointName(url: string): string {
  return new URL(url).host;
}

/**
 * Moves `user:password@` of a URL into a header.
 * Source: RFC 7617 section 2: base64 of the UTF-8 bytes of `user:password`.
 */
export function requestTarget(url: string): RequestTarget {
  const parsed = new URL(url);
  if (parsed.username === "" && parsed.password === "") return { url, headers: {} };
  const user = `${decoded(parsed.username)}:${decoded(parsed.password)}`;
  parsed.username = "";
  parsed.password = "";
  const bytes = new TextEncoder().encode(user);
  return { url: parsed.href, headers: { authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` } };
}

/** A path under an endpoint, beside the key that its own path or query may hold. */
export function urlUnder(base: string, path: string, query: Readonly<Record<string, string>> = {}): string {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, "")}${path}`;
  const added = Object.entries(query).map(([name, value]) => `${name}=${value}`);
  const parts = [url.search.slice(1), ...added].filter((part) => part !== "");
  url.search = parts.join("&");
  return url.href;
}

/** `scheme://`, a user, host and port, and what follows up to where a URL ends in prose or JSON. */
const URL_IN_TEXT =
  /\b(https?|wss?):\/\/(?:[^\s/?#"'`<>\\]*@)?(\[[0-9a-f:.]+\](?::\d+)?|[^\s/?#"'`<>\\()[\],;@]*)([^\s"'`<>\\]*)/gi;
/** Nothing of a URL, or the punctuation of the sentence around it. */
const NO_PATH = /^[/?#]?[).,;:\]]*$/;

/**
 * A text in which each URL is cut down to its scheme, host and port: for whatever is written for people, also where
 * a library made the words.
 */
export function withoutUrlSecrets(text: string): string {
  return text.replace(URL_IN_TEXT, (_url, scheme: string, host: string, rest: string) => {
    return `${scheme}://${host}${NO_PATH.test(rest) ? rest : "/…"}`;
  });
}

/** Shorter parts of a path are words such as `v2` or `rpc`. */
const SHORTEST_KEY = 8;

/**
 * Takes an endpoint's own keys out of what it answers: servers quote the key that they refuse.
 * @returns a function of texts
 */
export function hidingKeysOf(url: string): (text: string) => string {
  const { username, password, pathname, searchParams } = new URL(url);
  const parts = [...pathname.split("/"), ...searchParams.values()].filter(
    (part) => part.length >= SHORTEST_KEY,
  );
  const keys = [username, password, ...parts].flatMap((key) => [key, decoded(key)]);
  const longestFirst = [...new Set(keys)].filter((key) => key !== "").sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((left, key) => left.replaceAll(key, "…"), withoutUrlSecrets(text));
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A stray % is itself.
    return part;
  }
}
