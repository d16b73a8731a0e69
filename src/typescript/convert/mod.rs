//! How a state of the TypeScript SDK becomes another one. A state is a tree here, in which nested runs are opened: the
//! values of `pendingAgentToolRuns` are objects, and [`close`] turns them into texts again.
