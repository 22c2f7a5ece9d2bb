/** An element of a document in the narrow form that RIMs have. */
export type XmlElement = {
  readonly namespace: string;
  readonly localName: string;
  /** By name; an attribute of a namespace is `{namespace}name`. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text that stands directly in it. */
  readonly text: string;
};

/** What may stand before the root, and says nothing; it is no part of the canonical form. */
export const XML_DECLARATION =
  /^<\?xml version="1\.0"(?: encoding="(?:UTF|utf)-8")?(?: standalone="(?:yes|no)")?\?>\n?/;
/** Nothing but printable ASCII, tabs and line feeds; no entities, so no character has two forms. */
const ALLOWED = /^[\t\n\x20-\x25\x27-\x7e]*$/;
const NAME = "[A-Za-z_][\\w.-]*(?::[A-Za-z_][\\w.-]*)?";
const TOKEN = new RegExp(
  `<(/)?(${NAME})((?:\\s+${NAME}\\s*=\\s*(?:"[^"<>]*"|'[^'<>]*'))*)\\s*(/)?>|[^<>]+`,
  "y",
);
const ATTRIBUTE = new RegExp(`(${NAME})\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, "g");
const DEPTH_MAX = 16;
const ELEMENTS_MAX = 4096;

type Scope = ReadonlyMap<string, string>;
type Open = {
  readonly name: string;
  readonly scope: Scope;
  readonly namespace: string;
  readonly localName: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  text: string;
};

/** `prefix:name` in two parts; without a prefix the first is empty. */
function partsOf(name: string): readonly [string, string] {
  const colon = name.indexOf(":");
  return colon < 0 ? ["", name] : [name.slice(0, colon), name.slice(colon + 1)];
}

function readAttributes(text: string): ReadonlyMap<string, string> | undefined {
  const attributes = new Map<string, string>();
  for (const [, name = "", double, single] of text.matchAll(ATTRIBUTE)) {
    if (attributes.has(name)) return undefined;
    attributes.set(name, double ?? single ?? "");
  }
  return attributes;
}

/** What prefixes stand for inside an element with these attributes. */
function scopeOf(written: ReadonlyMap<string, string>, outer: Scope): Scope {
  const scope = new Map(outer);
  for (const [attribute, value] of written) {
    const [prefix, name] = partsOf(attribute);
    if (attribute === "xmlns") scope.set("", value);
    else if (prefix === "xmlns") scope.set(name, value);
  }
  return scope;
}

/** Attributes by namespace and name; undefined when a prefix is not declared, or two names mean the same. */
function resolve(
  written: ReadonlyMap<string, string>,
  scope: Scope,
): ReadonlyMap<string, string> | undefined {
  const attributes = new Map<string, string>();
  for (const [attribute, value] of written) {
    const [prefix, name] = partsOf(attribute);
    if (attribute === "xmlns" || prefix === "xmlns") continue;
    const namespace = prefix === "" ? "" : scope.get(prefix);
    const key = namespace === "" ? name : `{${namespace}}${name}`;
    if (namespace === undefined || attributes.has(key)) return undefined;
    attributes.set(key, value);
  }
  return attributes;
}

/** Takes tags and text in their order; false says that one cannot stand where it does. */
class TreeBuilder {
  readonly #stack: Open[] = [];
  #elements = 0;
  #root: XmlElement | undefined;

  /** The document's element, once all is closed. */
  get root(): XmlElement | undefined {
    return this.#stack.length === 0 ? this.#root : undefined;
  }

  start(name: string, attributeText: string): boolean {
    const written = readAttributes(attributeText);
    this.#elements++;
    if (written === undefined || this.#root !== undefined) return false;
    if (this.#elements > ELEMENTS_MAX || this.#stack.length >= DEPTH_MAX) return false;
    const scope = scopeOf(written, this.#stack.at(-1)?.scope ?? new Map());
    const [prefix, localName] = partsOf(name);
    const namespace = scope.get(prefix) ?? (prefix === "" ? "" : undefined);
    const attributes = resolve(written, scope);
    if (namespace === undefined || attributes === undefined) return false;
    this.#stack.push({ name, scope, namespace, localName, attributes, children: [], text: "" });
    return true;
  }

  end(name: string): boolean {
    const closed = this.#stack.pop();
    if (closed?.name !== name) return false;
    const { namespace, localName, attributes, children, text } = closed;
    const element = { namespace, localName, attributes, children, text };
    const parent = this.#stack.at(-1);
    if (parent === undefined) this.#root = element;
    else parent.children.push(element);
    return true;
  }

  text(text: string): boolean {
    const parent = this.#stack.at(-1);
    if (parent === undefined) return false;
    parent.text += text;
    return true;
  }
}

function take(
  builder: TreeBuilder,
  [all, isEnd, name, attributeText = "", isEmpty]: RegExpExecArray,
): boolean {
  if (name === undefined) return builder.text(all);
  if (isEnd !== undefined) return attributeText === "" && isEmpty === undefined && builder.end(name);
  return builder.start(name, attributeText) && (isEmpty === undefined || builder.end(name));
}

/**
 * The root element of a document of elements, attributes and text: no document type, entity, comment, CDATA or
 * processing instruction, of which hidden meanings are made. Undefined for any other text.
 */
export function parseXml(document: string): XmlElement | undefined {
  const text = document.replace(XML_DECLARATION, "").trimEnd();
  if (!ALLOWED.test(text)) return undefined;
  const builder = new TreeBuilder();
  const token = new RegExp(TOKEN);
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (match === null || !take(builder, match)) return undefined;
  }
  return builder.root;
}

/** Its children of a name in a namespace. */
export function childrenOf(element: XmlElement, namespace: string, localName: string): readonly XmlElement[] {
  return element.children.filter((child) => child.namespace === namespace && child.localName === localName);
}

/** Its one child of a name in a namespace; undefined when there is none, or more. */
export function onlyChild(
  element: XmlElement | undefined,
  namespace: string,
  localName: string,
): XmlElement | undefined {
  const children = element === undefined ? [] : childrenOf(element, namespace, localName);
  return children.length === 1 ? children[0] : undefined;
}

/** How many elements of a name, in whatever namespace, the tree has. */
export function countOf(element: XmlElement, localName: string): number {
  const own = element.localName === localName ? 1 : 0;
  return element.children.reduce((sum, child) => sum + countOf(child, localName), own);
}
