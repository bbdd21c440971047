/** Equal to the version in package.json (a test compares them), which is not at a fixed place beside the code. */
export const VERSION = '0.1.0';
