// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IProofPolicy} from "./interfaces/IProofPolicy.sol";
import {IProverRegistry} from "../tee/interfaces/IProverRegistry.sol";

/// @title ProofPolicy
/// @notice See `IProofPolicy`. Immutable, so that what a withdrawal waits for cannot change under it.
contract ProofPolicy is IProofPolicy {
    /// @notice One vendor alone must never be able to finalise a root on the fast path.
    uint8 public constant LEAST_HOST_VENDORS = 2;

    /// @notice Vendors that exist: a higher threshold could never be met.
    uint8 public constant MOST_HOST_VENDORS = uint8(type(IProverRegistry.HostVendor).max);

    /// @inheritdoc IProofPolicy
    uint8 public immutable minHostVendors;
    /// @inheritdoc IProofPolicy
    bool public immutable requiresGpu;
    /// @inheritdoc IProofPolicy
    uint64 public immutable fastDelay;
    /// @inheritdoc IProofPolicy
    uint64 public immutable slowDelay;
    /// @inheritdoc IProofPolicy
    uint64 public immutable fallbackDelay;
    /// @inheritdoc IProofPolicy
    uint64 public immutable challengeWindow;
    /// @inheritdoc IProofPolicy
    uint256 public immutable fallbackBond;
    /// @inheritdoc IProofPolicy
    IERC20 public immutable bondToken;

    /// @dev Parameters as of the getters in `IProofPolicy`; delays in seconds.
    constructor(
        uint8 minHostVendors_,
        bool requiresGpu_,
        uint64 fastDelay_,
        uint64 slowDelay_,
        uint64 fallbackDelay_,
        uint64 challengeWindow_,
        uint256 fallbackBond_,
        IERC20 bondToken_
    ) {
        require(
            minHostVendors_ >= LEAST_HOST_VENDORS && minHostVendors_ <= MOST_HOST_VENDORS,
            ProofPolicy_InvalidHostVendors(minHostVendors_)
        );
        require(
            fastDelay_ != 0 && fastDelay_ < slowDelay_ && slowDelay_ < challengeWindow_ && fallbackDelay_ != 0,
            ProofPolicy_InvalidDelays()
        );
        require(fallbackBond_ != 0, ProofPolicy_ZeroBond());
        require(address(bondToken_).code.length != 0, ProofPolicy_TokenHasNoCode(address(bondToken_)));
        minHostVendors = minHostVendors_;
        requiresGpu = requiresGpu_;
        fastDelay = fastDelay_;
        slowDelay = slowDelay_;
        fallbackDelay = fallbackDelay_;
        challengeWindow = challengeWindow_;
        fallbackBond = fallbackBond_;
        bondToken = bondToken_;
    }
}
