/** Sluice's version: an input of every verdict. A test holds it to `package.json`, which start-up need not read. */
export const version = '0.1.0'
