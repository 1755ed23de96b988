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

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) \
    && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define VECTOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VECTOR
#endif

#ifdef _MSC_VER
#define restrict __restrict
#endif

/* The result of a row in each lane; and what flows back: where `to_x` is given, the
   adjoint times the derivative by x is added to it, and so for y. */
typedef void forward_row(const double *x, const double *y, double *restrict out, int n);
typedef void backward_row(const double *adjoint, const double *out, const double *x,
                          const double *y, double *restrict to_x,
                          double *restrict to_y, int n);

#include "lanes.h"

#define ROWS ((int)(sizeof LANES / sizeof *LANES))

/* -- sums of products ----------------------------------------------------------- */

#define STEP 16 /* lanes whose sums are kept in registers */

/* out = Σ V[a] · V[b] in each lane, for pairs of rows in `args`. */
VECTOR static void
sum_products(const double *V, Py_ssize_t width, const int32_t *args, int count,
             double *restrict out, int n)
{
    int k = 0;
    for (; k + STEP <= n; k += STEP) {
        double sums[STEP];
        for (int j = 0; j < count; j += 2) {
            const double *x = V + args[j] * width + k, *y = V + args[j + 1] * width + k;
            for (int l = 0; l < STEP; l++)
                sums[l] = j ? sums[l] + x[l] * y[l] : x[l] * y[l];
        }
        memcpy(out + k, sums, sizeof sums);
    }
    for (; k < n; k++) {
        double sum = V[args[0] * width + k] * V[args[1] * width + k];
        for (int j = 2; j < count; j += 2)
            sum += V[args[j] * width + k] * V[args[j + 1] * width + k];
        out[k] = sum;
    }
}

/* The same where the second of each pair is the place of a number. */
VECTOR static void
sum_weighted(const double *V, Py_ssize_t width, const double *numbers,
             const int32_t *args, int count, double *restrict out, int n)
{
    int k = 0;
    for (; k + STEP <= n; k += STEP) {
        double sums[STEP];
        for (int j = 0; j < count; j += 2) {
            const double *x = V + args[j] * width + k, weight = numbers[args[j + 1]];
            for (int l = 0; l < STEP; l++)
                sums[l] = j ? sums[l] + x[l] * weight : x[l] * weight;
        }
        memcpy(out + k, sums, sizeof sums);
    }
    for (; k < n; k++) {
        double sum = V[args[0] * width + k] * numbers[args[1]];
        for (int j = 2; j < count; j += 2)
            sum += V[args[j] * width + k] * numbers[args[j + 1]];
        out[k] = sum;
    }
}

/* to += adjoint · x in each lane. */
VECTOR static void
add_product(const double *adjoint, const double *x, double *restrict to, int n)
{
    for (int k = 0; k < n; k++)
        to[k] += adjoint[k] * x[k];
}

#define PARTS 8 /* sums by leaf are kept in so many parts, for vectors; added up last */

/* sums += adjoint · x over the lanes. */
static inline void
sum_over_lanes(const double *adjoint, const double *x, double *restrict sums, int n)
{
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
static inline void
add_weighted(const double *adjoint, double weight, double *restrict to, int n)
{
    for (int k = 0; k < n; k++)
        to[k] += adjoint[k] * weight;
}

/* What flows back through a weighted sum, to weights and rows. */
VECTOR static void
flow_weighted(const double *adjoint, const double *V, double *A, Py_ssize_t width,
              const double *numbers, double *sums, const int32_t *args, int count,
              const uint8_t *needed, uint8_t flag, int n)
{
    for (int j = 0; j < count; j += 2) {
        sum_over_lanes(adjoint, V + args[j] * width, sums + PARTS * args[j + 1], n);
        if (needed[args[j]] & flag)
            add_weighted(adjoint, numbers[args[j + 1]], A + args[j] * width, n);
    }
}

/* -- a program ------------------------------------------------------------------ */

enum { DOT, WEIGHTED, CHAIN, LESS, LESS_EQUAL, EQUAL, MORE_EQUAL, MORE, FIRST_ROW };
static const char *const NAMES[]
    = {"dot", "weighted sum", "chain rule", "<", "≤", "=", "≥", ">"};

typedef struct {
    PyObject_HEAD
    int32_t *memory; /* holds all that follows, up to the flags */
    int32_t *codes, *starts, *places, *args, *outputs, *spread;
    uint8_t *needed; /* by row: 1 for a gradient by inputs, too, 2 by leaves alone */
    int count, output_count, spread_count, inputs, size, numbers;
    double *spare; /* lanes of the last run */
    size_t room;
} Program;

/* One choice by a comparison; nan compares as in Python. */
VECTOR static void
choose(int code, const double *left, const double *right, const double *x,
       const double *y, double *restrict out, int n)
{
    switch (code) {
    case LESS:
        for (int k = 0; k < n; k++)
            out[k] = left[k] < right[k] ? x[k] : y[k];
        break;
    case LESS_EQUAL:
        for (int k = 0; k < n; k++)
            out[k] = left[k] <= right[k] ? x[k] : y[k];
        break;
    case EQUAL:
        for (int k = 0; k < n; k++)
            out[k] = left[k] == right[k] ? x[k] : y[k];
        break;
    case MORE_EQUAL:
        for (int k = 0; k < n; k++)
            out[k] = left[k] >= right[k] ? x[k] : y[k];
        break;
    default:
        for (int k = 0; k < n; k++)
            out[k] = left[k] > right[k] ? x[k] : y[k];
    }
}

static void
run_forward(const Program *p, double *V, Py_ssize_t width, const double *numbers, int n)
{
    for (int i = 0; i < p->count; i++) {
        const int32_t *args = p->args + p->starts[i];
        int code = p->codes[i], used = p->starts[i + 1] - p->starts[i];
        double *out = V + p->places[i] * width;
        if (code >= FIRST_ROW)
            LANES[code - FIRST_ROW].forward(
                V + args[0] * width, V + args[used - 1] * width, out, n);
        else if (code == DOT)
            sum_products(V, width, args, used, out, n);
        else if (code == WEIGHTED)
            sum_weighted(V, width, numbers, args, used, out, n);
        else if (code == CHAIN)
            memcpy(out, V + args[0] * width, (size_t)n * sizeof *out);
        else
            choose(code, V + args[0] * width, V + args[1] * width, V + args[2] * width,
                   V + args[3] * width, out, n);
    }
}

static void
run_backward(const Program *p, uint8_t flag, const double *V, double *A,
             Py_ssize_t width, const double *numbers, double *sums, int n)
{
    const uint8_t *needed = p->needed;
    for (int i = p->count; i--;) {
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
            }
            else
                flow(adjoint, out, x, y, to_x, to_y, n);
        }
        else if (code == DOT)
            for (int j = 0; j < used; j += 2) {
                if (ADJOINT(args[j]))
                    add_product(adjoint, V + args[j + 1] * width,
                                A + args[j] * width, n);
                if (ADJOINT(args[j + 1]))
                    add_product(adjoint, V + args[j] * width, A + args[j + 1] * width,
                                n);
            }
        else if (code == WEIGHTED)
            flow_weighted(adjoint, V, A, width, numbers, sums, args, used, needed, flag,
                          n);
        else if (code == CHAIN) /* the result; then operands and their derivatives */
            for (int j = 1; j < used; j += 2)
                if (ADJOINT(args[j]))
                    add_product(adjoint, V + args[j + 1] * width, A + args[j] * width,
                                n);
    }
}

/* -- the type ------------------------------------------------------------------- */

/* Fill `to` from a buffer of 32-bit numbers; all of them have to be below `limit`. */
static int
read_numbers(PyObject *given, int32_t *to, Py_ssize_t count, int64_t limit)
{
    Py_buffer view;
    if (PyObject_GetBuffer(given, &view, PyBUF_SIMPLE) < 0)
        return -1;
    int is_right = view.len == count * (Py_ssize_t)sizeof *to;
    if (is_right)
        memcpy(to, view.buf, (size_t)view.len);
    PyBuffer_Release(&view);
    for (Py_ssize_t i = 0; is_right && i < count; i++)
        is_right = to[i] >= 0 && to[i] < limit;
    if (!is_right)
        PyErr_SetString(PyExc_ValueError, "instructions are damaged");
    return is_right ? 0 : -1;
}

/* How many operands an instruction has; 0: any even number from two on. */
static int
has_operands(int code, int used)
{
    if (code >= FIRST_ROW)
        return used == LANES[code - FIRST_ROW].arity;
    if (code == CHAIN)
        return used % 2 == 1;
    return code < CHAIN ? used > 0 && used % 2 == 0 : used == 4;
}

static int
check_instructions(const Program *p, int arg_count)
{
    for (int i = 0; i < p->count; i++) {
        int start = p->starts[i], end = p->starts[i + 1];
        if (end < start || end > arg_count || !has_operands(p->codes[i], end - start)
            || p->places[i] < p->inputs + p->spread_count)
            return -1;
        for (int j = start; j < end; j++) {
            int is_number = p->codes[i] == WEIGHTED && (j - start) % 2;
            if (p->args[j] >= (is_number ? p->numbers : p->size)
                || (!is_number && p->args[j] == p->places[i]))
                return -1;
        }
    }
    return 0;
}

static PyObject *
program_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *codes, *starts, *places, *operands, *outputs, *spread;
    Py_buffer needed = {0};
    int inputs, size, numbers;
    Py_ssize_t counts[4];
    (void)kwargs;
    if (!PyArg_ParseTuple(args, "OOOOOOy*iii", &codes, &starts, &places, &operands,
                          &outputs, &spread, &needed, &inputs, &size, &numbers))
        return NULL;
    Program *p = (Program *)type->tp_alloc(type, 0);
    PyObject *lists[] = {codes, operands, outputs, spread};
    for (int i = 0; p && i < 4; i++) {
        Py_buffer view;
        if (PyObject_GetBuffer(lists[i], &view, PyBUF_SIMPLE) < 0) {
            Py_CLEAR(p);
            break;
        }
        counts[i] = view.len / (Py_ssize_t)sizeof(int32_t);
        PyBuffer_Release(&view);
    }
    if (!p) {
        PyBuffer_Release(&needed);
        return NULL;
    }
    Py_ssize_t all = 3 * counts[0] + 1 + counts[1] + counts[2] + counts[3];
    p->memory = PyMem_RawMalloc((size_t)all * sizeof(int32_t) + (size_t)needed.len + 1);
    if (!p->memory) {
        PyBuffer_Release(&needed);
        Py_DECREF(p);
        return PyErr_NoMemory();
    }
    p->count = (int)counts[0];
    p->output_count = (int)counts[2];
    p->spread_count = (int)counts[3];
    p->inputs = inputs;
    p->size = size;
    p->numbers = numbers;
    p->codes = p->memory;
    p->starts = p->codes + counts[0];
    p->places = p->starts + counts[0] + 1;
    p->args = p->places + counts[0];
    p->outputs = p->args + counts[1];
    p->spread = p->outputs + counts[2];
    p->needed = (uint8_t *)(p->spread + counts[3]);
    memcpy(p->needed, needed.buf, (size_t)needed.len);
    int is_right = needed.len == size && inputs >= 0 && numbers >= 0
                   && inputs + counts[3] <= size && counts[2] > 0 && all < INT32_MAX;
    PyBuffer_Release(&needed);
    if (!is_right)
        PyErr_SetString(PyExc_ValueError, "instructions are damaged");
    int64_t most = counts[1] > size ? counts[1] : size;
    if (!is_right || read_numbers(codes, p->codes, counts[0], FIRST_ROW + ROWS) < 0
        || read_numbers(starts, p->starts, counts[0] + 1, counts[1] + 1) < 0
        || read_numbers(places, p->places, counts[0], size) < 0
        || read_numbers(operands, p->args, counts[1], most > numbers ? most : numbers) < 0
        || read_numbers(outputs, p->outputs, counts[2], size) < 0
        || read_numbers(spread, p->spread, counts[3], numbers) < 0
        || check_instructions(p, (int)counts[1]) < 0) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "instructions are damaged");
        Py_DECREF(p);
        return NULL;
    }
    return (PyObject *)p;
}

static void
program_dealloc(Program *p)
{
    PyTypeObject *type = Py_TYPE(p);
    PyMem_RawFree(p->memory);
    PyMem_RawFree(p->spare);
    type->tp_free((PyObject *)p);
}

#define NEAR (1 << 15) /* numbers that stay in a processor's own cache */
enum { NARROW = 8, WIDE = 64, ALIGNED = 8 };
/* Samples in a block: more do not pay, fewer leave vector instructions idle. */

static Py_ssize_t
find_width(const Program *p, Py_ssize_t count)
{
    Py_ssize_t width = NEAR / (p->size ? p->size : 1);
    width = width < NARROW ? NARROW : width > WIDE ? WIDE : width;
    if (count < width)
        width = count;
    return width > 1 ? (width + NARROW - 1) / NARROW * NARROW : width;
}

typedef struct {
    const double *inputs, *numbers, *seeds;
    double *results, *slopes;
    double *sums; /* by leaf, each in its parts */
    Py_ssize_t columns; /* of inputs, results and slopes */
    int slope_count;
} Samples;

static void
run_block(const Program *p, const Samples *s, double *V, double *A, Py_ssize_t width,
          Py_ssize_t start, int n)
{
    size_t bytes = (size_t)n * sizeof(double);
    for (int i = 0; i < p->inputs; i++)
        memcpy(V + i * width, s->inputs + i * s->columns + start, bytes);
    run_forward(p, V, width, s->numbers, n);
    for (int i = 0; i < p->output_count; i++)
        memcpy(s->results + i * s->columns + start, V + p->outputs[i] * width, bytes);
    if (!s->seeds)
        return;
    for (int i = 0; i < p->size; i++)
        memset(A + i * width, 0, bytes);
    memcpy(A + p->outputs[0] * width, s->seeds + start, bytes);
    run_backward(p, s->slope_count ? 1 : 2, V, A, width, s->numbers, s->sums, n);
    for (int i = 0; i < s->slope_count; i++)
        memcpy(s->slopes + i * s->columns + start, A + i * width, bytes);
    for (int i = 0; i < p->spread_count; i++)
        for (int k = 0; k < n; k++)
            s->sums[PARTS * p->spread[i] + k % PARTS] += A[(p->inputs + i) * width + k];
}

static void
join_parts(const double *parts, double *sums, int count)
{
    for (int i = 0; i < count; i++, parts += PARTS)
        sums[i] = ((parts[0] + parts[4]) + (parts[2] + parts[6]))
                  + ((parts[1] + parts[5]) + (parts[3] + parts[7]));
}

/* A buffer of so many doubles; None where it may be missing. */
static int
get_doubles(PyObject *given, Py_buffer *view, Py_ssize_t count, int writable)
{
    if (PyObject_GetBuffer(given, view, writable ? PyBUF_WRITABLE : PyBUF_SIMPLE) < 0)
        return -1;
    if (view->len == count * (Py_ssize_t)sizeof(double))
        return 0;
    PyBuffer_Release(view);
    PyErr_SetString(PyExc_ValueError, "an array has another size than the program's");
    return -1;
}

/* run(inputs, numbers, results, seeds, slopes, sums, columns, start, stop): arrays of
   doubles; without seeds (None) values alone. The lock of the interpreter is let go. */
static PyObject *
program_run(Program *p, PyObject *const *args, Py_ssize_t count)
{
    enum { INPUTS, RESULTS, NUMBERS, SEEDS, SLOPES, SUMS, ARRAYS };
    static const int writable[ARRAYS] = {0, 1, 0, 0, 1, 1};
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
    if (columns < 0 || start < 0 || stop < start || stop > columns) {
        PyErr_SetString(PyExc_ValueError, "these samples are not there");
        return NULL;
    }
    int has_seeds = args[SEEDS] != Py_None, filled = 0;
    Py_ssize_t slope_count = args[SLOPES] == Py_None ? 0 : p->inputs;
    Py_ssize_t sizes[ARRAYS] = {p->inputs * columns, p->output_count * columns,
                                p->numbers, columns, slope_count * columns, p->numbers};
    for (; filled < ARRAYS; filled++) {
        views[filled].buf = views[filled].obj = NULL;
        if (args[filled] != Py_None
            && get_doubles(args[filled], &views[filled], sizes[filled],
                           writable[filled]) < 0)
            goto done;
    }
    Samples samples = {
        .inputs = views[INPUTS].buf, .numbers = views[NUMBERS].buf,
        .seeds = views[SEEDS].buf, .results = views[RESULTS].buf,
        .slopes = views[SLOPES].buf,
        .columns = columns, .slope_count = (int)slope_count};
    Py_ssize_t width = find_width(p, stop - start);
    size_t part_count = has_seeds ? PARTS * (size_t)p->numbers : 0;
    size_t room = (size_t)p->size * (size_t)width * (has_seeds ? 2 : 1) + part_count;
    double *lanes = p->spare; /* nobody else has it from now on */
    p->spare = NULL;
    if (lanes && p->room < room) {
        PyMem_RawFree(lanes);
        lanes = NULL;
    }
    size_t has_room = lanes ? p->room : room;
    if (!lanes)
        lanes = PyMem_RawMalloc((room + ALIGNED) * sizeof(double));
    if (!lanes) {
        PyErr_NoMemory();
        goto done;
    }
    /* Rows begin where a vector does, whose loads are then of one line of the cache. */
    samples.sums = lanes + (ALIGNED - (uintptr_t)lanes / sizeof(double) % ALIGNED) % ALIGNED;
    double *V = samples.sums + part_count, *A = V + (size_t)p->size * (size_t)width;
    Py_BEGIN_ALLOW_THREADS
    memset(samples.sums, 0, part_count * sizeof(double));
    for (int i = 0; i < p->spread_count; i++)
        for (Py_ssize_t k = 0; k < width; k++)
            V[(p->inputs + i) * width + k] = samples.numbers[p->spread[i]];
    for (; start < stop; start += width) {
        int n = (int)(stop - start < width ? stop - start : width);
        run_block(p, &samples, V, A, width, start, n);
    }
    if (has_seeds)
        join_parts(samples.sums, views[SUMS].buf, p->numbers);
    Py_END_ALLOW_THREADS
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
    .tp_doc = "Program(codes, starts, places, args, outputs, spread, needed, inputs, "
              "size, numbers)\n--\n\nInstructions that run on samples.",
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
static PyObject *
number_instructions(void)
{
    PyObject *codes = PyDict_New();
    for (int code = 0; codes && code < FIRST_ROW + ROWS; code++) {
        const char *name
            = code < FIRST_ROW ? NAMES[code] : LANES[code - FIRST_ROW].name;
        PyObject *number = PyLong_FromLong(code);
        if (!number || PyDict_SetItemString(codes, name, number) < 0)
            Py_CLEAR(codes);
        Py_XDECREF(number);
    }
    return codes;
}

PyMODINIT_FUNC
PyInit_replay(void)
{
    if (PyType_Ready(&ProgramType) < 0)
        return NULL;
    PyObject *module = PyModule_Create(&definition), *codes = number_instructions();
    if (!module || !codes || PyModule_AddObjectRef(module, "CODES", codes) < 0
        || PyModule_AddObjectRef(module, "Program", (PyObject *)&ProgramType) < 0
        || PyModule_AddStringConstant(module, "fingerprint", FINGERPRINT) < 0)
        return NULL;
    Py_DECREF(codes);
    return module;
}
