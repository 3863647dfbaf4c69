"""The run file: schema, writer, reader, edits. h5py and numpy only."""
