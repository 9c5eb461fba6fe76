"""The panel's parts: everything that speaks MRML or Qt. Numerics are in the package tunet beside this one."""
