//! Tests of reading requests.
