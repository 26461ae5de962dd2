export { compileWorkflow, type Compiled, type CompileResult, type Counts } from './compile-workflow.ts'
export { decompose, primesOf, type Tree } from './decompose.ts'
