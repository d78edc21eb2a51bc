#include "textflag.h"

// func scanFoursAVX2(text []byte, stride int, marks *[2048]uint32, out []int32) (found, read int)
//
// Of each 64 bytes the fours at every fourth byte, sixteen at a time, and then those that stand stride bytes behind them,
// until all have been looked at. The hash of each selects a word of marks and a bit of it; the bit is moved to the
// sign, and the signs of all say which fours are marked. Four bytes are read at every fourth byte, so a vector of eight
// fours is 32 bytes of the text as they stand.
TEXT ·scanFoursAVX2(SB), NOSPLIT, $0-80
	MOVQ text_base+0(FP), SI
	MOVQ text_len+8(FP), CX
	MOVQ stride+24(FP), R13
	MOVQ marks+32(FP), DI
	MOVQ out_base+40(FP), R8
	MOVQ out_len+48(FP), R9
	SUBQ $67, CX              // the last place of 64 bytes, and three, to read from
	SUBQ $64, R9              // the last place to write to
	XORQ AX, AX               // bytes read
	XORQ R10, R10             // fours found
	MOVL $0x20202020, DX
	MOVL DX, X0
	VPBROADCASTD X0, Y0       // the fold
	MOVL $0x9e3779b1, DX
	MOVL DX, X1
	VPBROADCASTD X1, Y1       // the factor of the hash
	MOVL $31, DX
	MOVL DX, X2
	VPBROADCASTD X2, Y2       // the bits of a word's number

turn:
	CMPQ AX, CX
	JGT  done
	CMPQ R10, R9
	JGT  done
	PREFETCHT0 1024(SI)(AX*1) // texts are larger than the nearest cache

look:
	VPOR (SI)(AX*1), Y0, Y3
	VPOR 32(SI)(AX*1), Y0, Y4
	VPMULLD Y1, Y3, Y3
	VPMULLD Y1, Y4, Y4
	VPSRLD $16, Y3, Y3        // hashes
	VPSRLD $16, Y4, Y4
	VPSRLD $5, Y3, Y5         // words
	VPSRLD $5, Y4, Y6
	VPCMPEQD Y9, Y9, Y9
	VPCMPEQD Y10, Y10, Y10
	VPXOR Y7, Y7, Y7
	VPXOR Y8, Y8, Y8
	VPGATHERDD Y9, (DI)(Y5*4), Y7
	VPGATHERDD Y10, (DI)(Y6*4), Y8
	VPANDN Y2, Y3, Y3         // how far a bit is from the sign
	VPANDN Y2, Y4, Y4
	VPSLLVD Y3, Y7, Y7
	VPSLLVD Y4, Y8, Y8
	VMOVMSKPS Y7, DX
	VMOVMSKPS Y8, BX
	SHLL $8, BX
	ORL  BX, DX
	JNZ  some

next:
	ADDQ R13, AX
	TESTQ $3, AX
	JNZ  look
	ADDQ $60, AX
	JMP  turn

some:
	BSFL DX, R11
	LEAQ (AX)(R11*4), R12
	MOVL R12, (R8)(R10*4)
	INCQ R10
	LEAL -1(DX), R11
	ANDL R11, DX
	JNZ  some
	JMP  next

done:
	VZEROUPPER
	MOVQ R10, found+64(FP)
	MOVQ AX, read+72(FP)
	RET
