"""YuNet: a small network that finds faces; NOTICE.txt says where it is from, and its licence."""
