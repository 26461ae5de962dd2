/** The agent with the role of its function: the module that the bundle of its function begins with. */
import { callSes } from '../../adapters/call-ses.ts'
import { notifyAgent } from './notify-agent.ts'

export default notifyAgent(callSes)
