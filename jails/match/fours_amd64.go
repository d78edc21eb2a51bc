package match

import "golang.org/x/sys/cpu"

// scanFoursAVX2 looks at the fours at every stride (4, 2 or 1) bytes of text, as far as it can read 67 bytes at a time, and
// writes the places of marked ones to out, those of the same 64 bytes in no order. It ends early when fewer than 64 more
// would fit. read is how many bytes it has looked at.
//
//go:noescape
func scanFoursAVX2(text []byte, stride int, marks *[1 << gramBits / 32]uint32, out []int32) (found, read int)

// scanFours is scanFoursAVX2 where the processor has AVX2; elsewhere it looks at nothing.
func scanFours(text []byte, stride int, marks *[1 << gramBits / 32]uint32, out []int32) (found, read int) {
	if !cpu.X86.HasAVX2 {
		return 0, 0
	}
	return scanFoursAVX2(text, stride, marks, out)
}
