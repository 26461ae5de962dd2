export { type Compiled, compileWorkflow } from './compile-workflow.ts'
