/** TypeScript asks where its own file is while it is loaded; in a bundle, which is an ES module, there are no such names. */
Object.assign(globalThis, { __filename: import.meta.filename, __dirname: import.meta.dirname })
