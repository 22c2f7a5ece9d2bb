// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title IProofPolicy
/// @notice What a game needs to be final. The contract is immutable: another policy is another game implementation.
interface IProofPolicy {
    /// @notice `minHostVendors` is below two or above the number of vendors that exist.
    error ProofPolicy_InvalidHostVendors(uint8 minHostVendors);
    /// @notice Not 0 < fastDelay < slowDelay < challengeWindow, or a zero fallbackDelay.
    error ProofPolicy_InvalidDelays();
    error ProofPolicy_ZeroBond();
    /// @notice No contract stands at the bond token's address.
    error ProofPolicy_TokenHasNoCode(address token);

    /// @notice Distinct host vendors that the fast path needs; at least two.
    function minHostVendors() external view returns (uint8);

    /// @notice Whether the fast path also needs a proof by a prover with a GPU.
    function requiresGpu() external view returns (bool);

    /// @notice Seconds between reaching the threshold and resolution: time for a contradiction.
    function fastDelay() external view returns (uint64);

    /// @notice Seconds between the first proof and resolution when only one vendor proves.
    function slowDelay() external view returns (uint64);

    /// @notice Seconds without a newly proven game after which anyone may propose with a bond. Whoever holds a proof back
    ///         can prolong a silence by the age that an L1 head may have (8,191 blocks), once.
    function fallbackDelay() external view returns (uint64);

    /// @notice Seconds in which a bonded, unproven proposal can be refuted. It should exceed the timelock's delay by far:
    ///         were all keys revoked, governance must be able to admit new provers within it.
    function challengeWindow() external view returns (uint64);

    /// @notice Bond of an unproven proposal, in units of `bondToken`.
    function fallbackBond() external view returns (uint256);

    /// @notice What bonds are made of: PHA. A token that takes a fee on transfers or rebases is not usable.
    function bondToken() external view returns (IERC20);
}
