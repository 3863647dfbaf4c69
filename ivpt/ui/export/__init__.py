"""What is shown, as files: pictures, screens, tables. Nothing here but ``saving`` knows the terminal library."""
