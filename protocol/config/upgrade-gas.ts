/**
 * Gas of all upgrade transactions of Karst. The activation block's limit is higher by so much, and the
 * SystemConfig that is read back from that block is lower by it again.
 * Source: specs/protocol/karst/derivation.md; op-node upgrade_transaction.go, whose bundle this is the sum of.
 */
export const KARST_UPGRADE_GAS = 55_370_657n;
