/* The tape's loops: an interpreter of instructions, of which each works on a row of
   samples ("lanes"). See engine/tape/backends/native.py for what it is given.

   The loops over lanes are plain C that compilers turn into vector instructions. Where
   that is possible they are compiled for several processors, and the one at hand is
   found out when the library is loaded. All give the same numbers: nothing is
   contracted, and sums are added up in an order that is written here.
*/
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "arithmetic.h"

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) &&                  \
    !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define VECTOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VECTOR
#endif

#ifdef _MSC_VER
#define restrict __restrict
#endif

/* In each lane x where the comparison holds, else y. */
typedef void choose_row(const double *left, const double *right, const double *x,
                        const double *y, double *restrict out, int n);

/* The result of a row in each lane; and what flows back: where `to_x` is given, the
   adjoint times the derivative by x is added to it, and so for y. */
typedef void forward_row(const double *x, const double *y, double *restrict out, int n);
typedef void backward_row(const double *adjoint, const double *out, const double *x,
                          const double *y, double *restrict to_x, double *restrict to_y,
                          int n);

#include "lanes.h"

enum { DOT, WEIGHTED, CHAIN, FIRST_CHOICE };
static const char *const NAMES[] = {"dot", "weighted sum", "chain rule"};
enum { FIRST_ROW = FIRST_CHOICE + sizeof CHOICES / sizeof *CHOICES };
enum { CODES = FIRST_ROW + sizeof LANES / sizeof *LANES };

/* -- sums of products ----------------------------------------------------------- */

#define STEP 16 /* lanes whose sums are kept in registers */

/* out = Σ V[a] · V[b] in each lane, for pairs of rows in `args`; where it is weighted,
   b is the place of a number. */
static inline void sum_pairs(int is_weighted, const double *V, Py_ssize_t width,
                             const double *numbers, const int32_t *args, int count,
                             double *restrict out, int n) {
    int k = 0;
    for (; k + STEP <= n; k += STEP) {
        double sums[STEP];
        for (int j = 0; j < count; j += 2) {
            const double *x = V + args[j] * width + k;
            const double *y = is_weighted ? x : V + args[j + 1] * width + k;
            double weight = is_weighted ? numbers[args[j + 1]] : 0;
            for (int l = 0; l < STEP; l++) {
                double product = x[l] * (is_weighted ? weight : y[l]);
                sums[l] = j ? sums[l] + product : product;
            }
        }
        memcpy(out + k, sums, sizeof sums);
    }
    for (; k < n; k++) {
        double sum = 0;
        for (int j = 0; j < count; j += 2) {
            double y = is_weighted ? numbers[args[j + 1]] : V[args[j + 1] * width + k];
            double product = V[args[j] * width + k] * y;
            sum = j ? sum + product : product;
        }
        out[k] = sum;
    }
}

VECTOR static void sum_products(const double *V, Py_ssize_t width, const int32_t *args,
                                int count, double *restrict out, int n) {
    sum_pairs(0, V, width, NULL, args, count, out, n);
}

VECTOR static void sum_weighted(const double *V, Py_ssize_t width,
                                const double *numbers, const int32_t *args, int count,
                                double *restrict out, int n) {
    sum_pairs(1, V, width, numbers, args, count, out, n);
}

/* to += adjoint · x in each lane. */
VECTOR static void add_products(const double *adjoint, const double *x,
                                double *restrict to, int n) {
    for (int k = 0; k < n; k++)
        to[k] += adjoint[k] * x[k];
}

/* The same, if there is anywhere to add to; one lane is not worth a call. */
static inline void add_product(const double *adjoint, const double *x, double *to,
                               int n) {
    if (to && n == 1)
        *to += *adjoint * *x;
    else if (to)
        add_products(adjoint, x, to, n);
}

#define PARTS                                                                          \
    8 /* sums by leaf are kept in so many parts, for vectors; added up last            \
       */

/* sums += adjoint · x over the lanes. */
static inline void sum_over_lanes(const double *adjoint, const double *x,
                                  double *restrict sums, int n) {
    double a[PARTS], b[PARTS] = {0};
    int k = 0;
    memcpy(a, sums, sizeof a);
    for (; k + 2 * PARTS <= n; k += 2 * PARTS) {
        for (int l = 0; l < PARTS; l++)
            a[l] += adjoint[k + l] * x[k + l];
        for (int l = 0; l < PARTS; l++)
            b[l] += adjoint[k + PARTS + l] * x[k + PARTS + l];
    }
    for (int l = 0; l < PARTS; l++)
        sums[l] = a[l] + b[l];
    for (; k < n; k++)
        sums[k % PARTS] += adjoint[k] * x[k];
}

/* to += adjoint · weight in each lane. */
static inline void add_weighted(const double *adjoint, double weight,
                                double *restrict to, int n) {
    for (int k = 0; k < n; k++)
        to[k] += adjoint[k] * weight;
}

/* What flows back through a weighted sum, to those weights that are leaves, and rows.
 */
VECTOR static void flow_weighted(const double *adjoint, const double *V, double *A,
                                 Py_ssize_t width, const double *numbers, double *sums,
                                 int leaves, const int32_t *args, int count,
                                 const int32_t *needed, int flag, int n) {
    for (int j = 0; j < count; j += 2) {
        const double *x = V + args[j] * width;
        if (args[j + 1] < leaves)
            sum_over_lanes(adjoint, x, sums + PARTS * args[j + 1], n);
        if (needed[args[j]] & flag)
            add_weighted(adjoint, numbers[args[j + 1]], A + args[j] * width, n);
    }
}

/* -- a program ------------------------------------------------------------------ */

typedef struct {
    PyObject_HEAD
    PyObject *bytes; /* holds all of the instructions: counts, and then the lists */
    struct {
        int32_t codes, args, outputs, spread, inputs, size, numbers;
    } count;
    const int32_t *codes, *starts, *places, *args, *outputs, *spread;
    const int32_t *needed; /* by row: 1 for a gradient by inputs, too, 2 by leaves */
    double *spare;         /* lanes of the last run */
    size_t room;
} Program;

typedef struct {
    const double *inputs, *numbers, *seeds;
    double *results, *slopes;
    double *sums;       /* by leaf, each in its parts */
    Py_ssize_t columns; /* of inputs, results and slopes */
    int leaves;         /* the first of the numbers, by which sums are asked for */
} Samples;

static void run_forward(const Program *p, double *V, Py_ssize_t width,
                        const double *numbers, int n) {
    for (int i = 0; i < p->count.codes; i++) {
        const int32_t *args = p->args + p->starts[i];
        int code = p->codes[i], used = p->starts[i + 1] - p->starts[i];
        double *out = V + p->places[i] * width;
        if (code >= FIRST_ROW)
            LANES[code - FIRST_ROW].forward(V + args[0] * width,
                                            V + args[used - 1] * width, out, n);
        else if (code == DOT)
            sum_products(V, width, args, used, out, n);
        else if (code == WEIGHTED)
            sum_weighted(V, width, numbers, args, used, out, n);
        else if (code == CHAIN)
            memcpy(out, V + args[0] * width, (size_t)n * sizeof *out);
        else
            CHOICES[code - FIRST_CHOICE].choose(
                V + args[0] * width, V + args[1] * width, V + args[2] * width,
                V + args[3] * width, out, n);
    }
}

static void run_backward(const Program *p, const Samples *s, int flag, const double *V,
                         double *A, Py_ssize_t width, int n) {
    const int32_t *needed = p->needed;
    for (int i = p->count.codes; i--;) {
        const int32_t *args = p->args + p->starts[i];
        int code = p->codes[i], used = p->starts[i + 1] - p->starts[i];
        const double *adjoint = A + p->places[i] * width;
        if (!(needed[p->places[i]] & flag))
            continue;
#define ADJOINT(row) (needed[row] & flag ? A + (row) * width : NULL)
        if (code >= FIRST_ROW) {
            const double *x = V + args[0] * width, *y = V + args[used - 1] * width;
            const double *out = V + p->places[i] * width;
            double *to_x = ADJOINT(args[0]), *to_y = ADJOINT(args[used - 1]);
            backward_row *flow = LANES[code - FIRST_ROW].backward;
            if (used == 2 && args[0] == args[1]) { /* one operand after the other */
                flow(adjoint, out, x, y, to_x, NULL, n);
                flow(adjoint, out, x, y, NULL, to_y, n);
            } else
                flow(adjoint, out, x, y, to_x, to_y, n);
        } else if (code == DOT)
            for (int j = 0; j < used; j += 2) {
                const double *x = V + args[j] * width, *y = V + args[j + 1] * width;
                add_product(adjoint, y, ADJOINT(args[j]), n);
                add_product(adjoint, x, ADJOINT(args[j + 1]), n);
            }
        else if (code == WEIGHTED)
            flow_weighted(adjoint, V, A, width, s->numbers, s->sums, s->leaves, args,
                          used, needed, flag, n);
        else if (code == CHAIN) /* the result; then operands and their derivatives */
            for (int j = 1; j < used; j += 2)
                add_product(adjoint, V + args[j + 1] * width, ADJOINT(args[j]), n);
    }
}

/* -- the type ------------------------------------------------------------------- */

/* How many operands an instruction has to have; CHAIN and sums have any even number,
   CHAIN one more. */
static int has_operands(int code, int used) {
    if (code >= FIRST_ROW)
        return used == LANES[code - FIRST_ROW].arity;
    if (code >= FIRST_CHOICE)
        return used == 4;
    return used > 0 && used % 2 == (code == CHAIN);
}

static int are_below(const int32_t *numbers, int count, int limit) {
    int right = 1;
    for (int i = 0; i < count; i++)
        right &= numbers[i] >= 0 && numbers[i] < limit;
    return right;
}

/* Find the lists in the instructions; 0 where anything is damaged. */
static int open_instructions(Program *p) {
    const int32_t *next = (const int32_t *)PyBytes_AS_STRING(p->bytes);
    int64_t left = PyBytes_GET_SIZE(p->bytes) - (int64_t)sizeof p->count;
    if (left < 0 || left >= INT32_MAX)
        return 0;
    memcpy(&p->count, next, sizeof p->count);
    next += sizeof p->count / sizeof *next;
    int64_t lengths[] = {p->count.codes, p->count.codes + 1LL, p->count.codes,
                         p->count.args,  p->count.outputs,     p->count.spread,
                         p->count.size};
    const int32_t **lists[] = {&p->codes,   &p->starts, &p->places, &p->args,
                               &p->outputs, &p->spread, &p->needed};
    for (int i = 0; i < 7; next += lengths[i++]) {
        left -= lengths[i] * (int64_t)sizeof *next;
        if (lengths[i] < 0 || left < 0)
            return 0;
        *lists[i] = next;
    }
    int first = p->count.inputs + p->count.spread, size = p->count.size;
    if (left || p->count.inputs < 0 || p->count.numbers < 0 || first > size ||
        !p->count.outputs || !are_below(p->codes, p->count.codes, CODES) ||
        !are_below(p->starts, p->count.codes + 1, p->count.args + 1) ||
        !are_below(p->outputs, p->count.outputs, size) ||
        !are_below(p->spread, p->count.spread, p->count.numbers))
        return 0;
    for (int i = 0; i < p->count.codes; i++) {
        int start = p->starts[i], end = p->starts[i + 1], place = p->places[i];
        if (!has_operands(p->codes[i], end - start) || place < first || place >= size)
            return 0;
        for (int j = start; j < end; j++) {
            int is_number = p->codes[i] == WEIGHTED && (j - start) % 2;
            if (!are_below(p->args + j, 1, is_number ? p->count.numbers : size) ||
                (!is_number && p->args[j] == place))
                return 0;
        }
    }
    return 1;
}

static PyObject *program_new(PyTypeObject *type, PyObject *args,
                             PyObject *Py_UNUSED(kwargs)) {
    PyObject *bytes;
    if (!PyArg_ParseTuple(args, "S", &bytes))
        return NULL;
    Program *p = (Program *)type->tp_alloc(type, 0);
    if (!p)
        return NULL;
    p->bytes = Py_NewRef(bytes);
    if (open_instructions(p))
        return (PyObject *)p;
    PyErr_SetString(PyExc_ValueError, "instructions are damaged");
    Py_DECREF(p);
    return NULL;
}

static void program_dealloc(Program *p) {
    PyTypeObject *type = Py_TYPE(p);
    Py_XDECREF(p->bytes);
    PyMem_RawFree(p->spare);
    type->tp_free((PyObject *)p);
}

#define NEAR (1 << 15) /* numbers that stay in a processor's own cache */
enum { NARROW = 8, WIDE = 64, ALIGNED = 8 };
/* Samples in a block: more do not pay, fewer leave vector instructions idle. */

static Py_ssize_t find_width(const Program *p, Py_ssize_t count) {
    Py_ssize_t width = NEAR / (p->count.size ? p->count.size : 1);
    width = width < NARROW ? NARROW : width > WIDE ? WIDE : width;
    if (count < width)
        width = count;
    return width > 1 ? (width + NARROW - 1) / NARROW * NARROW : width;
}

/* Copy so many rows of n numbers, which begin so far from each other. */
static void copy_rows(double *to, Py_ssize_t to_step, const double *from,
                      Py_ssize_t from_step, int rows, int n) {
    if (to_step == n && from_step == n) {
        n *= rows;
        rows = 1;
    }
    for (int i = 0; i < rows; i++)
        memcpy(to + i * to_step, from + i * from_step, (size_t)n * sizeof *to);
}

static void run_block(const Program *p, const Samples *s, double *V, double *A,
                      Py_ssize_t width, Py_ssize_t start, int n) {
    int inputs = p->count.inputs;
    copy_rows(V, width, s->inputs + start, s->columns, inputs, n);
    run_forward(p, V, width, s->numbers, n);
    for (int i = 0; i < p->count.outputs; i++)
        copy_rows(s->results + i * s->columns + start, 0, V + p->outputs[i] * width, 0,
                  1, n);
    if (!s->seeds)
        return;
    memset(A, 0, (size_t)p->count.size * (size_t)width * sizeof *A);
    memcpy(A + p->outputs[0] * width, s->seeds + start, (size_t)n * sizeof *A);
    run_backward(p, s, s->slopes ? 1 : 2, V, A, width, n);
    if (s->slopes)
        copy_rows(s->slopes + start, s->columns, A, width, inputs, n);
    for (int i = 0; i < p->count.spread; i++)
        for (int k = 0; k < n && p->spread[i] < s->leaves; k++)
            s->sums[PARTS * p->spread[i] + k % PARTS] += A[(inputs + i) * width + k];
}

static void join_parts(const double *parts, double *sums, int count) {
    for (int i = 0; i < count; i++, parts += PARTS)
        sums[i] = ((parts[0] + parts[4]) + (parts[2] + parts[6])) +
                  ((parts[1] + parts[5]) + (parts[3] + parts[7]));
}

/* run(inputs, results, numbers, seeds, slopes, sums, columns, start, stop): arrays of
   doubles. Without seeds (None) values alone; sums by the first of the numbers, as many
   as there is room for. The lock of the interpreter is let go. */
static PyObject *program_run(Program *p, PyObject *const *args, Py_ssize_t count) {
    enum { INPUTS, RESULTS, NUMBERS, SEEDS, SLOPES, SUMS, ARRAYS };
    static const int flags[ARRAYS] = {PyBUF_SIMPLE, PyBUF_WRITABLE, PyBUF_SIMPLE,
                                      PyBUF_SIMPLE, PyBUF_WRITABLE, PyBUF_WRITABLE};
    Py_buffer views[ARRAYS];
    PyObject *result = NULL;
    if (count != ARRAYS + 3) {
        PyErr_SetString(PyExc_TypeError, "run() takes nine arguments");
        return NULL;
    }
    Py_ssize_t columns = PyLong_AsSsize_t(args[ARRAYS]);
    Py_ssize_t start = PyLong_AsSsize_t(args[ARRAYS + 1]);
    Py_ssize_t stop = PyLong_AsSsize_t(args[ARRAYS + 2]);
    if (PyErr_Occurred())
        return NULL;
    Py_ssize_t sizes[ARRAYS] = {p->count.inputs * columns, p->count.outputs * columns,
                                p->count.numbers,          columns,
                                p->count.inputs * columns, -1};
    int filled = 0, is_right = 0 <= start && start <= stop && stop <= columns;
    for (; filled < ARRAYS && is_right; filled++) {
        Py_buffer *view = &views[filled];
        view->buf = view->obj = NULL;
        if (args[filled] == Py_None)
            view->len = 0;
        else if (PyObject_GetBuffer(args[filled], view, flags[filled]) < 0)
            goto done;
        view->len /= (Py_ssize_t)sizeof(double);
        is_right = filled == SUMS ? view->len <= p->count.numbers
                                  : view->len == sizes[filled] || !view->obj;
    }
    int has_seeds = is_right && views[SEEDS].obj;
    if (!is_right || (has_seeds ? !views[SUMS].obj : views[SLOPES].obj != NULL) ||
        !views[INPUTS].obj || !views[RESULTS].obj || !views[NUMBERS].obj) {
        PyErr_SetString(PyExc_ValueError, "arrays have other sizes than the program's");
        goto done;
    }
    Samples samples = {.inputs = views[INPUTS].buf,
                       .numbers = views[NUMBERS].buf,
                       .seeds = views[SEEDS].buf,
                       .results = views[RESULTS].buf,
                       .slopes = views[SLOPES].buf,
                       .columns = columns,
                       .leaves = (int)views[SUMS].len};
    Py_ssize_t width = find_width(p, stop - start);
    size_t size = (size_t)p->count.size * (size_t)width;
    size_t part_count = has_seeds ? PARTS * (size_t)samples.leaves : 0;
    size_t room = (has_seeds ? 2 : 1) * size + part_count;
    double *lanes = p->spare; /* nobody else has it from now on */
    size_t has_room = p->room;
    p->spare = NULL;
    if (!lanes || has_room < room) {
        PyMem_RawFree(lanes);
        lanes = PyMem_RawMalloc((room + ALIGNED) * sizeof(double));
        has_room = room;
    }
    if (!lanes) {
        PyErr_NoMemory();
        goto done;
    }
    /* Rows begin where a vector does, whose loads are then of one line of the cache. */
    size_t odd = (uintptr_t)lanes / sizeof(double) % ALIGNED;
    samples.sums = lanes + (ALIGNED - odd) % ALIGNED;
    double *V = samples.sums + part_count, *A = V + size;
    Py_BEGIN_ALLOW_THREADS;
    memset(samples.sums, 0, part_count * sizeof(double));
    for (int i = 0; i < p->count.spread; i++)
        for (Py_ssize_t k = 0; k < width; k++)
            V[(p->count.inputs + i) * width + k] = samples.numbers[p->spread[i]];
    for (; start < stop; start += width) {
        int n = (int)(stop - start < width ? stop - start : width);
        run_block(p, &samples, V, A, width, start, n);
    }
    if (has_seeds)
        join_parts(samples.sums, views[SUMS].buf, samples.leaves);
    Py_END_ALLOW_THREADS;
    if (p->spare)
        PyMem_RawFree(lanes);
    else {
        p->spare = lanes;
        p->room = has_room;
    }
    result = Py_NewRef(Py_None);
done:
    while (filled--)
        if (views[filled].obj)
            PyBuffer_Release(&views[filled]);
    return result;
}

static PyMethodDef program_methods[] = {
    {"run", (PyCFunction)(void (*)(void))program_run, METH_FASTCALL,
     "run(inputs, results, numbers, seeds, slopes, sums, columns, start, stop)"},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject ProgramType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "engine.native.replay.Program",
    .tp_doc = "Program(instructions)\n--\n\nInstructions that run on samples.",
    .tp_basicsize = sizeof(Program),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = program_new,
    .tp_dealloc = (destructor)program_dealloc,
    .tp_methods = program_methods,
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "engine.native.replay",
    .m_doc = "The loops of tapes; see replay.c.",
    .m_size = -1,
};

/* The code of each instruction by its name. */
static PyObject *number_instructions(void) {
    PyObject *codes = PyDict_New();
    for (int code = 0; codes && code < CODES; code++) {
        const char *name = code < FIRST_CHOICE ? NAMES[code]
                           : code < FIRST_ROW  ? CHOICES[code - FIRST_CHOICE].name
                                               : LANES[code - FIRST_ROW].name;
        PyObject *number = PyLong_FromLong(code);
        if (!number || PyDict_SetItemString(codes, name, number) < 0)
            Py_CLEAR(codes);
        Py_XDECREF(number);
    }
    return codes;
}

PyMODINIT_FUNC PyInit_replay(void) {
    if (PyType_Ready(&ProgramType) < 0)
        return NULL;
    PyObject *module = PyModule_Create(&definition), *codes = number_instructions();
    if (!module || !codes || PyModule_AddObjectRef(module, "CODES", codes) < 0 ||
        PyModule_AddObjectRef(module, "Program", (PyObject *)&ProgramType) < 0 ||
        PyModule_AddStringConstant(module, "fingerprint", FINGERPRINT) < 0)
        return NULL;
    Py_DECREF(codes);
    return module;
}
