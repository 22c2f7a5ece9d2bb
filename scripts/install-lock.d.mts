/** The types of `install-lock.mjs`, which runs before there is any TypeScript. */
export function takeInstallLock(file: string, tell: (line: string) => void): () => void;
