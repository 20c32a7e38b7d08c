import { closeDebugger, closeInspector } from './debug-signal.ts';

// Imported for its effect, before everything else.
closeDebugger();
closeInspector();
