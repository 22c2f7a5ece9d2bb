/** Of this program, as it names itself to others. */
export const VERSION = "0.1.0";
