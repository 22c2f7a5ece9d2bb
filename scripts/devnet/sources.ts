import { join } from "node:path";
import { type AddressBook, readAddressBook, writeAddressBook } from "@phala-l2/contracts/deploy/address-book";
import { type SourceAddresses, withSource } from "@phala-l2/contracts/deploy/source";

const fileOf = (folder: string) => join(folder, "addresses.json");

/** The address book in the devnet's folder, which names more and more parachains' contracts; before there is one, that of the deployment. */
export function keptBook(folder: string, book: AddressBook): AddressBook {
  return readAddressBook(fileOf(folder)) ?? book;
}

/** The parachains whose contracts the devnet's address book names. */
export function keptSources(folder: string): readonly SourceAddresses[] {
  return readAddressBook(fileOf(folder))?.sources ?? [];
}

/** Adds a parachain's contracts to the book in the devnet's folder, beside those of others. */
export function keepSource(folder: string, book: AddressBook, source: SourceAddresses): void {
  writeAddressBook(fileOf(folder), withSource(keptBook(folder, book), source));
}
