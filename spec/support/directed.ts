/** Sources that between them use every directive, operator and pseudo-instruction, in syntax that GNU as shares. */

export const directives = String.raw`
        .file "directed.s"
        .text
        .globl _start
        .type _start, @function
_start: nop
        .p2align 4
        .byte 1, 2, 0x7f, -1, 255, 'a', '\n', 0
        .2byte 0x1234
        .p2align 3
after:  nop
        .balign 32
        .word after, . , . - after, after - _start
        .size _start, . - _start
        .data
        .equ SIZE, 3
        .set COUNT, SIZE * 2
        total = COUNT + 1
        .equiv ONCE, 9
        .byte SIZE, COUNT, total, ONCE
        .set COUNT, COUNT + 1
        .byte COUNT
        .half 1, 0xffff, -32768
        .short 7
        .4byte 0xdeadbeef, -5
        .long 6
        .int 5
        .dword 0x123456789abcdef0, _start, after + 4
        .8byte -1
        .quad 1 << 63
        .ascii "plain", " \"quoted\"\t\\\101\x42\0"
        .asciz "zero"
        .string "a", "b"
        .align 3
        .byte 1
        .balign 16, 0xee
        .byte 2
        .p2align 4, , 3
        .byte 3
        .p2align 3, 0x55
        .skip 5
        .space 3, 0xaa
        .zero 4
        .fill 3
        .fill 2, 4, 0x11223344
        .fill 2, 8, 0x1122334455667788
        .fill 3, 1, 7
here:   .org here + 12
        .byte 9
        .org here + 20, 0x77
        . = here + 24
        .byte 8
        .section .rodata
table:  .word 1, 2, 3
        .word end - table
end:
        .section .mine, "aw"
        .byte 1
        .previous
        .word 4
        .section .constants, "a", @progbits
        .byte 0x5a
        .text
        .option push
        .option rvc
        addi a0, a0, 1
        .option norvc
        addi a0, a0, 1
        .option pop
        addi a0, a0, 1
        .macro load reg, value=5
        li \reg, \value
        .endm
        load a0
        load a1, 6
        load reg=a2, value=7
        .macro unique
label\@: j label\@
        .endm
        unique
        unique
        .macro sum from, to
        .word \from
        .if \to - \from
        sum "(\from + 1)", \to
        .endif
        .endm
        sum 0, 5
        .rept 3
        addi t0, t0, 1
        .endr
        .rept 2
        .rept 2
        .byte 1, 2
        .endr
        .endr
        .irp r, t0, a1, s2
        .irp n, 1, 2
        addi \r, \r, \n
        .endr
        .endr
        .macro text words:vararg
        .ascii \words
        .endm
        text "a b  c "
        .irp none
        .byte 0\none, 3
        .endr
        .if SIZE == 3
        .word 1
        .if 0
        .word 2
        .else
        .word 3
        .endif
        .else
        .word 4
        .endif
        .ifdef SIZE
        .word 5
        .endif
        .ifndef SIZE
        .word 6
        .elseif SIZE > 2
        .word 7
        .endif
1:      j 1b
        j 1f
1:      beqz a0, 1b ; bnez a0, 2f   # a comment; not a statement
2:      nop /* another */ ; nop
        .bss
buffer: .skip 64
        .lcomm other, 8
        .text
        la a0, buffer
        lw a1, table
`;

export const expressions = String.raw`
        .data
a:      .word 0
        .word 0
b:      .quad 1+2*3, (1+2)*3, 10-4-3, 1 << 4 + 1, 6 & 3 + 1, 6 | 1 == 7, -5 / 2, -5 % 3, -1 >> 60, ~0, !0, !5
        .quad 3 < 4, 4 <= 3, 'a', 'a + 1, '\n', 2 == 2, 1 && 2, 0 || 3, 7 ^ 2, 7 ! 2, 1 <> 2, 3 != 3, - -3, 4 - -3
        .quad 0b101, 017, 0x1F, b - a, (b - a) * 2, b - a + 1 << 2, a + 4, 4 + a, a - 4, b - (a + 4)
        .quad c - b, 3 > -1, -3 >= -3, 100 / 7 % 4, 1 << 63, 0x8000000000000000 / 2, ~0xff & 0xffff
        .word c - a, b - a == 8
c:      .byte (c - b) & 0xff
        k = 5
        .quad k, -k, k*k
        k = 6
        .quad k, later
        later = 12
        .text
        addi a0, a0, %lo(value)
        lui a0, %hi(value)
        lw a0, %lo(value)(a0)
        sw a1, %lo(value + 4)(a0)
        value = 0x12345fff
        lui a0, %hi(a)
        addi a0, a0, %lo(a)
1:      auipc a0, %pcrel_hi(b)
        addi a0, a0, %pcrel_lo(1b)
        ld a0, %pcrel_lo(1b)(a0)
        sd a0, %pcrel_lo(1b)(a1)
        lw a0, k(sp)
`;

export const pseudoInstructions = `
f:      nop
        li a0, 0; li a0, -1; li a1, 2047; li a1, 2048; li a2, 0x12345678; li a3, 0x123456789abcdef0
        la a0, d; lla a1, d + 4
        lb a0, d; lh a0, d; lw a0, d; ld a0, d; lbu a0, d; lhu a0, d; lwu a0, d + 8
        sb a0, d, t0; sh a0, d, t0; sw a0, d, t0; sd a0, d, t0
        flw fa0, d, t0; fld fa0, d, t0; fsw fa0, d, t0; fsd fa0, d, t0
        call f; call t0, f; tail f; jump f, t2
        mv a0, a1; move a0, a1; not a0, a1; neg a0, a1; negw a0, a1; sext.w a0, a1
        zext.b a0, a1; zext.h a0, a1; zext.w a0, a1; sext.b a0, a1; sext.h a0, a1
        seqz a0, a1; snez a0, a1; sltz a0, a1; sgtz a0, a1; sgt a0, a1, a2; sgtu a0, a1, a2
        beqz a0, f; bnez a0, f; blez a0, f; bgez a0, f; bltz a0, f; bgtz a0, f
        bgt a0, a1, f; ble a0, a1, f; bgtu a0, a1, f; bleu a0, a1, f
        beq s0, zero, f; beq zero, s0, f; bne s0, x0, f
        j f; jal f; jal t0, f; jal zero, f
        jr a0; jr 8(a0); jr 0(a0); jalr a0; jalr 8(a0); jalr a0, a1; jalr ra, a1; jalr zero, a1; jalr a0, 4(a1)
        jalr zero, 0(a0); jalr ra, 0(a0); jalr a0, a1, 4; ret
        add a0, a0, 5; add a0, a1, 5; and a0, a0, 5; or a0, a0, 5; xor a0, a0, -1; addw a0, a0, 1
        sll a0, a0, 3; srl s0, s0, 3; sra s0, s0, 3; sllw a0, a0, 1; srlw a0, a0, 1; sraw a0, a0, 1
        slt a0, a0, 4; sltu a0, a0, 4
        lw a0, (a1); sw a0, (a1); lw a0, 0(sp); sd s0, 504(sp); sd s0, 512(sp); fld fs0, 8(s1); fsd fs0, 8(sp)
        lr.w a0, (a1); lr.d.aq a0, 0(a1); sc.w.rl a0, a1, (a2); amoadd.d.aqrl a0, a1, (a2); amomaxu.w x5, x6, 0(x7)
        fence; fence rw, w; fence iorw, iorw; fence.tso; fence.i; pause; ecall; ebreak; scall; sbreak; unimp
        rdcycle a0; rdtime a0; rdinstret a0; frcsr a0; fscsr a0; fscsr a0, a1; frrm a0; fsrm a0; fsrm a0, a1
        frflags a0; fsflags a0; fsflags a0, a1; fsrmi 3; fsrmi a0, 3; fsflagsi 3; fsflagsi a0, 3
        csrr a0, mstatus; csrw sscratch, a0; csrs sie, a0; csrc sip, a0; csrwi 0x800, 31; csrsi fflags, 1; csrci frm, 1
        csrw mtvec, 5; csrs mie, 5; csrc mip, 5; csrrw a0, mepc, 3; csrrs a0, 0x7c0, a1; csrrwi a0, hgatp, 3
        sfence.vma; sfence.vma a0; sfence.vma a0, a1; hfence.vvma; hfence.gvma a0; hfence.gvma a0, a1
        fmv.s fa0, fa1; fneg.s fa0, fa1; fabs.s fa0, fa1; fmv.d ft0, ft11; fneg.d fs0, fs11; fabs.d f0, f31
        fgt.s a0, fa0, fa1; fge.d a0, fa0, fa1; fmv.x.s a0, fa0; fmv.s.x fa0, a0
        fadd.s fa0, fa1, fa2; fadd.d fa0, fa1, fa2, rtz; fmadd.s fa0, fa1, fa2, fa3, rup; fsqrt.d fa0, fa1, dyn
        fcvt.w.s a0, fa0; fcvt.w.d a0, fa0, rtz; fcvt.d.w fa0, a0; fcvt.d.s fa0, fa1; fcvt.s.d fa0, fa1, rne
        hlv.w a0, (a1); hlvx.hu a0, (a1); hsv.d a0, (a1); mret; sret; wfi
        add a0, a1, a0; and s0, s1, s0; addw s0, s1, s0; sub s0, s1, s0; addi a0, a0, 0; addi a0, a1, 0; mv a0, a0
        add a0, zero, a1; add a0, a1, zero; add a0, a0, zero; lui a0, 1; lui a0, 0xfffff; lui a0, 0x20; lui sp, 1
        addi sp, sp, -16; addi sp, sp, 16; addi sp, sp, 32; addi a0, sp, 8; addi a0, sp, 0; addiw a0, a0, 0
        slli a0, a0, 0; srli s0, s0, 63; lw zero, 0(sp); addi zero, zero, 0; addi zero, zero, 1; mv zero, a0
        .data
d:      .quad 1, 2
`;

const filler = (count: number): string => `        .rept ${count}\n        addi a7, a7, 1000\n        .endr\n`;

export const relaxation = `
        .p2align 2
start:  beq a0, a1, far
        bnez s0, middle
        beqz a0, middle
        j middle
        j far
${filler(50)}
        bltu a0, a1, start
        bnez s1, start
middle: ${filler(70)}
        bnez s1, start
        bge a0, a1, middle
        j start
${filler(1500)}
        bnez a0, start
        blez a5, middle
        j middle
1:      ${filler(61)}
        bnez a0, 1b
        beqz a0, 1f
        beqz a0, 2f
${filler(60)}
1:      nop
        .p2align 3
2:      nop
far:    ret
`;
