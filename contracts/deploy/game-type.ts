/** MultiProofGame.GAME_TYPE. */
export const GAME_TYPE = 2035;
