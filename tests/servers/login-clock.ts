/**
 * Loaded before a program (`--import`): its clock runs `TEST_CLOCK_AHEAD_MS` before the machine's, and SIGUSR2 moves it by
 * `TEST_CLOCK_STEP_MS` more. Timers and `performance.now` are the machine's, as they are when an operator sets a clock.
 */
const machine: () => number = Date.now;
const step = Number(process.env['TEST_CLOCK_STEP_MS'] ?? 0);
let ahead = Number(process.env['TEST_CLOCK_AHEAD_MS'] ?? 0);
Date.now = () => machine() + ahead;
process.on('SIGUSR2', () => void (ahead += step));
