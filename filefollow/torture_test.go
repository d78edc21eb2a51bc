package filefollow

func tortured(dir string) {}
