export { type Compiled, compileWorkflow, issuesOfCompiling } from './compile-workflow.ts'
