import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { encryptKeystoreJson } from "ethers";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { dangerouslyDevelopmentAccount, loadAccount } from "./account.ts";

/** The cheapest scrypt work factor; the file's format is what is tested, not its strength. */
const QUICK = { scrypt: { N: 2 } };
const FIRST_PUBLIC_ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

const withCode = (code: string) => (error: unknown) => isRollupError(error, code);

describe("signing accounts", () => {
  let folder: string;
  const own = privateKeyToAccount(generatePrivateKey());

  async function keystore(name: string, privateKey: string): Promise<string> {
    const path = join(folder, name);
    const address = privateKeyToAccount(privateKey as `0x${string}`).address;
    await writeFile(path, await encryptKeystoreJson({ address, privateKey }, "right", QUICK));
    return path;
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "phala-l2-keys-"));
    await writeFile(join(folder, "right"), "right\nsecond line\n");
    await writeFile(join(folder, "wrong"), "wrong\n");
    await writeFile(join(folder, "no-keystore"), "{}");
  });
  after(() => rm(folder, { recursive: true }));

  it("opens an encrypted keystore with the password file's first line", async () => {
    const privateKey = generatePrivateKey();
    const account = await keystore("own", privateKey);
    const opened = await loadAccount({ account, passwordFile: join(folder, "right"), l1ChainId: 1n });
    assert.equal(opened.address, privateKeyToAccount(privateKey).address);
    assert.notEqual(opened.address, own.address);
  });

  it("refuses a wrong password, a missing one, a missing file and a file that is no keystore", async () => {
    const account = await keystore("locked", generatePrivateKey());
    const load = (source: { account: string; passwordFile: string | undefined }) =>
      loadAccount({ ...source, l1ChainId: 1n });
    const right = join(folder, "right");
    await assert.rejects(
      load({ account, passwordFile: join(folder, "wrong") }),
      withCode("KEY_PASSWORD_WRONG"),
    );
    await assert.rejects(load({ account, passwordFile: undefined }), withCode("KEY_UNREADABLE"));
    await assert.rejects(
      load({ account: join(folder, "none"), passwordFile: right }),
      withCode("KEY_UNREADABLE"),
    );
    await assert.rejects(
      load({ account: join(folder, "no-keystore"), passwordFile: right }),
      withCode("KEY_UNREADABLE"),
    );
  });

  it("gives the test mnemonic's accounts on development chains only", async () => {
    const account = dangerouslyDevelopmentAccount(0, 900n);
    assert.equal(account.address, FIRST_PUBLIC_ADDRESS);
    for (const l1ChainId of [1n, 11_155_111n, 17_000n, 560_048n, 0n]) {
      await assert.rejects(
        loadAccount({ account: "dev:0", passwordFile: undefined, l1ChainId }),
        withCode("KEY_IS_PUBLIC"),
      );
    }
  });

  it("refuses a key of the test mnemonic in a keystore on a real chain too", async () => {
    const publicKey = dangerouslyDevelopmentAccount(0, 900n).getHdKey().privateKey;
    assert.ok(publicKey);
    const account = await keystore("public", toHex(publicKey));
    const passwordFile = join(folder, "right");
    await assert.rejects(loadAccount({ account, passwordFile, l1ChainId: 1n }), withCode("KEY_IS_PUBLIC"));
    assert.ok(await loadAccount({ account, passwordFile, l1ChainId: 900n }));
  });
});
