/* The compiled core: nodes of the graph, the table's rows on them, walks over them.

   What all this means is defined by the Python code: the class `Node` of
   engine/graph/node.py, the methods of engine/graph/build.py, the walks of node.py and
   sweep.py. Here is the same for the usual case, at the speed of C. Whatever is unusual
   (a result that is not finite, an operand of another type, a block or a transform that
   wants to hear of it) goes through the Python code, which `configure` and
   `make_method` are given.

   While one of the walks runs no Python code does, and the interpreter's lock is held:
   that is why they may use the field of the gradient for marks and sums of their own.
*/
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>
#include <structmember.h>

#include "arithmetic.h"

typedef struct Node {
    PyObject_HEAD
    PyObject *weakrefs;
    double number;
    PyObject *op; /* the row of the table; NULL for a leaf */
    PyObject *metadata;
    /* what a sweep needs, side by side: */
    double grad;    /* NOTHING until a sweep reaches the node */
    struct Node *x; /* the first operand */
    PyObject *y;    /* the second; where x is NULL, a tuple of three or more */
    double dx;
    union {
        double dy;
        PyObject *partials; /* of the operands in a tuple */
    };
} Node;

static PyTypeObject NodeType;
static PyTypeObject *ValueType; /* what operations make: the class in Python */

/* -- what Python has told us ---------------------------------------------------- */

static PyObject *active, *watchers, *recorders; /* of engine.graph.context */
static PyObject *context;                       /* its variable, of the same */
static PyObject *no_metadata, *constant_metadata;
static PyObject *python_node; /* the class that defines what a node is */
static PyObject *python_data, *python_grad, *python_has_gradient, *python_partials,
    *python_init;

static int
is_quiet(void)
{
    return PySet_GET_SIZE(active) == 0 && PyDict_GET_SIZE(watchers) == 0;
}

/* The metadata that a node gets that is made here and now, and that a constant gets;
   both borrowed. 0 where something unusual is going on: Python finds out what. */
static int
find_metadata(PyObject **metadata, PyObject **constant)
{
    static PyObject *seen, *of_node, *of_constant; /* the context that was last here */
    static int usual;
    if (PySet_GET_SIZE(active) == 0) {
        *metadata = no_metadata;
        *constant = constant_metadata;
        return 1;
    }
    PyObject *here;
    if (PyDict_GET_SIZE(recorders) || PyContextVar_Get(context, NULL, &here) < 0) {
        PyErr_Clear();
        return 0;
    }
    if (here != seen) {
        PyObject *is_usual = PyObject_GetAttrString(here, "usual");
        PyObject *node = PyObject_GetAttrString(here, "metadata");
        PyObject *leaf = PyObject_GetAttrString(here, "constant");
        if (!is_usual || !node || !leaf) {
            PyErr_Clear();
            Py_XDECREF(is_usual);
            Py_XDECREF(node);
            Py_XDECREF(leaf);
            Py_DECREF(here);
            return 0;
        }
        usual = is_usual == Py_True;
        Py_DECREF(is_usual);
        Py_XSETREF(of_node, node);
        Py_XSETREF(of_constant, leaf);
        Py_XSETREF(seen, Py_NewRef(here));
    }
    Py_DECREF(here);
    *metadata = of_node;
    *constant = of_constant;
    return usual;
}

/* -- gradients that are not there, and marks of walks --------------------------- */

#define NOTHING 0x7ff8d07c4ad00000ULL /* not-a-numbers that no arithmetic makes */
#define WALKED 0x7ff8d07c4ad00001ULL

static int
holds(double x, uint64_t mark)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits == mark;
}

static double
as_mark(uint64_t mark)
{
    double x;
    memcpy(&x, &mark, sizeof x);
    return x;
}

/* A gradient, which nobody may take for one of the marks. */
static double
as_gradient(double x)
{
    return isnan(x) ? Py_NAN : x;
}

/* -- making and freeing nodes --------------------------------------------------- */

/* The garbage collector hears of a node only where it could be part of a cycle: where
   Python made it, so that its row or its metadata may know other objects, and where an
   operand of it is such a node. It would walk over the whole graph again and again
   while that is built. */
static void
track(void *node)
{
    if (!PyObject_GC_IsTracked(node))
        PyObject_GC_Track(node);
}

#ifndef MOST_SPARE
#define MOST_SPARE (1 << 17) /* freed nodes that are kept for the next graph: 14 MB */
#endif
static Node *spare[MOST_SPARE];
static int spares;

/* Graphs are larger than the caches of a processor: a spare node is asked for a few
   nodes before its turn comes. */
#ifdef __GNUC__
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)(address))
#endif
#define AHEAD 4

/* A Value without anything, of which the garbage collector does not know. */
static Node *
new_node(void)
{
    Node *node;
    if (spares) {
        node = spare[--spares];
        if (spares >= AHEAD) {
            PREFETCH(spare[spares - AHEAD]);
            PREFETCH(&spare[spares - AHEAD]->dx);
        }
        (void)PyObject_Init((PyObject *)node, ValueType);
    }
    else {
        node = PyObject_GC_New(Node, ValueType);
        if (!node)
            return NULL;
    }
    node->weakrefs = node->op = node->y = node->metadata = NULL;
    node->x = NULL;
    node->number = node->dx = 0;
    node->partials = NULL;
    node->grad = as_mark(NOTHING);
    return node;
}

static PyObject *
new_constant(double number, PyObject *metadata)
{
    Node *node = new_node();
    if (node) {
        node->number = number;
        node->metadata = Py_NewRef(metadata);
    }
    return (PyObject *)node;
}

static int
has_many(const Node *node)
{
    return node->x == NULL && node->y != NULL;
}

static int
node_clear(Node *node)
{
    if (has_many(node))
        Py_CLEAR(node->partials);
    Py_CLEAR(node->x);
    Py_CLEAR(node->y);
    Py_CLEAR(node->op);
    Py_CLEAR(node->metadata);
    return 0;
}

static int
node_traverse(Node *node, visitproc visit, void *arg)
{
    if (has_many(node))
        Py_VISIT(node->partials);
    Py_VISIT(node->x);
    Py_VISIT(node->y);
    Py_VISIT(node->op);
    Py_VISIT(node->metadata);
    return 0;
}

static void
node_dealloc(Node *node)
{
    PyObject_GC_UnTrack(node);
    if (node->weakrefs)
        PyObject_ClearWeakRefs((PyObject *)node);
    node_clear(node);
    Py_TYPE(node)->tp_free((PyObject *)node);
}

/* Free a Value, and the graph that only it keeps, in a loop: an operand whose turn has
   not come waits in a list, linked by the field of its weak references. */
static void
value_dealloc(PyObject *object)
{
    static Node *waiting;
    static int is_running;
    Node *node = (Node *)object;
    PyTypeObject *type = Py_TYPE(node);
    if (type == ValueType && type->tp_finalize
        && PyObject_CallFinalizerFromDealloc(object) < 0)
        return;
    PyObject_GC_UnTrack(node);
    if (node->weakrefs)
        PyObject_ClearWeakRefs(object);
    node->weakrefs = (PyObject *)waiting;
    waiting = node;
    if (is_running)
        return;
    is_running = 1;
    while ((node = waiting)) {
        waiting = (Node *)node->weakrefs;
        type = Py_TYPE(node);
        node_clear(node);
        if (type == ValueType && spares < MOST_SPARE)
            spare[spares++] = node;
        else
            type->tp_free((PyObject *)node);
        Py_DECREF(type);
    }
    is_running = 0;
}

static PyObject *
node_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)args, (void)kwargs; /* __init__ looks at them */
    Node *node;
    if (type == ValueType)
        node = new_node();
    else {
        node = (Node *)type->tp_alloc(type, 0);
        if (node)
            node->grad = as_mark(NOTHING);
    }
    if (node)
        node->metadata = Py_NewRef(no_metadata);
    return (PyObject *)node;
}

/* -- operands ------------------------------------------------------------------- */

typedef struct {
    PyObject *object;
    double number;
    enum { OTHER, NUMBER, VALUE } kind;
} Operand;

static Operand
classify(PyObject *object)
{
    Operand operand = {object, 0, OTHER};
    if (Py_IS_TYPE(object, ValueType)) {
        operand.number = ((Node *)object)->number;
        operand.kind = VALUE;
    }
    else if (PyFloat_CheckExact(object)) {
        operand.number = PyFloat_AS_DOUBLE(object);
        operand.kind = NUMBER;
    }
    else if (PyLong_CheckExact(object)) {
        operand.number = PyLong_AsDouble(object);
        operand.kind = NUMBER;
        if (operand.number == -1 && PyErr_Occurred()) { /* it is too large */
            PyErr_Clear();
            operand.kind = OTHER;
        }
    }
    else if (PyType_IsSubtype(Py_TYPE(object), ValueType)) {
        operand.number = ((Node *)object)->number;
        operand.kind = VALUE;
    }
    return operand;
}

static int
node_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    Node *node = (Node *)self;
    if (PyTuple_GET_SIZE(args) == 1 && !kwargs && PySet_GET_SIZE(active) == 0) {
        Operand given = classify(PyTuple_GET_ITEM(args, 0));
        if (given.kind == NUMBER) {
            node_clear(node);
            node->number = given.number;
            node->grad = as_mark(NOTHING);
            node->metadata = Py_NewRef(no_metadata);
            return 0;
        }
    }
    PyObject *done = NULL, *bound = PyMethod_New(python_init, self);
    if (bound)
        done = PyObject_Call(bound, args, kwargs);
    Py_XDECREF(bound);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

/* -- rows ----------------------------------------------------------------------- */

/* Python's x ** y on floats, where both are finite. Where Python raises, or might, the
   result is not finite. */
static double
power(double x, double y)
{
    int is_odd = fmod(fabs(y), 2) == 1;
    if (y == 0)
        return 1;
    if (x == 0)
        return y < 0 ? NAN : is_odd ? x : 0;
    if (x < 0 && y != floor(y))
        return NAN;
    double of_size = fabs(x) == 1 ? 1 : pow(fabs(x), y);
    if (of_size < DBL_MIN)
        return NAN; /* whether that is an error depends on the C library */
    return x < 0 && is_odd ? -of_size : of_size;
}

/* Value and local derivatives of a row: r[0] and r[1], r[2]. 0 where one of them, or
   a number on the way to them, is not finite. */
typedef int compute(double x, double y, double *r);

#include "rows.h"

#define ROWS ((int)(sizeof COMPILED / sizeof *COMPILED))

/* What belongs to each row of COMPILED in Python. */
static struct {
    PyObject *op;
    PyObject *python; /* the method on Values that defines what ours does */
    PyObject *fold;   /* number -> the method with the last operand fixed, or None */
    PyObject *ints, *floats; /* those that were asked for, by their number */
} rows[ROWS];

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    compute *compute;
    int row;
    int arity;
    int folds;    /* whether a number as last operand becomes part of the operation */
    double fixed; /* the last operand, where it is part of the operation */
    PyObject *op;
    PyObject *python;
    PyObject *doc, *name, *qualname;
} Method;

static PyTypeObject MethodType;

/* The node of `op` at these operands, of which one may be a number; NULL without an
   error where it is not usual. */
static PyObject *
make_node(PyObject *op, const Operand *left, const Operand *right, const double *r)
{
    PyObject *metadata, *constant, *x = left->object, *y = right ? right->object : NULL;
    if (!find_metadata(&metadata, &constant))
        return NULL;
    Node *node = new_node();
    if (!node)
        return NULL;
    node->number = r[0];
    node->op = Py_NewRef(op);
    node->metadata = Py_NewRef(metadata);
    if (left->kind == NUMBER)
        x = new_constant(left->number, constant);
    else
        Py_INCREF(x);
    if (y && right->kind == NUMBER)
        y = new_constant(right->number, constant);
    else
        Py_XINCREF(y);
    node->x = (Node *)x;
    node->dx = r[1];
    if (right) {
        node->y = y;
        node->dy = r[2];
    }
    if (!x || (right && !y)) {
        Py_DECREF(node);
        return NULL;
    }
    if (PyObject_GC_IsTracked(x) || (y && PyObject_GC_IsTracked(y)))
        PyObject_GC_Track(node);
    return (PyObject *)node;
}

/* The method of a row whose last operand is this number. */
static PyObject *
find_folded(int row, PyObject *number)
{
    PyObject *known = PyFloat_CheckExact(number) ? rows[row].floats : rows[row].ints;
    PyObject *method = PyDict_GetItemWithError(known, number);
    if (method || PyErr_Occurred())
        return Py_XNewRef(method);
    if (PyDict_GET_SIZE(known) >= 1024)
        PyDict_Clear(known);
    method = PyObject_CallOneArg(rows[row].fold, number);
    if (method && PyDict_SetItem(known, number, method) < 0)
        Py_CLEAR(method);
    return method;
}

static PyObject *
call_folded(int row, PyObject *operand, PyObject *number)
{
    PyObject *method = find_folded(row, number);
    PyObject *made = method ? PyObject_CallOneArg(method, operand) : NULL;
    Py_XDECREF(method);
    return made;
}

static PyObject *
call_method(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Method *method = (Method *)self;
    double r[3];
    if (PyVectorcall_NARGS(nargsf) == method->arity && !names) {
        Operand left = classify(args[0]), right = {NULL, method->fixed, NUMBER};
        int is_binary = method->arity == 2;
        if (is_binary) {
            right = classify(args[1]);
            if (method->folds && left.kind == VALUE && right.kind == NUMBER)
                return call_folded(method->row, args[0], args[1]);
        }
        if (left.kind == VALUE && right.kind != OTHER && isfinite(left.number)
            && isfinite(right.number)
            && method->compute(left.number, right.number, r)) {
            PyObject *made = make_node(method->op, &left, is_binary ? &right : NULL, r);
            if (made || PyErr_Occurred())
                return made;
        }
    }
    return PyObject_Vectorcall(method->python, args, nargsf, names);
}

/* An operator: `left` is the operand that Python asks first, unless it is reflected. */
static inline PyObject *
operate(int row, compute *compute, PyObject *left, PyObject *right)
{
    double r[3];
    if (!rows[row].op)
        Py_RETURN_NOTIMPLEMENTED;
    Operand x = classify(left), y = classify(right);
    if (x.kind == VALUE && y.kind == NUMBER && rows[row].fold != Py_None)
        return call_folded(row, left, right);
    if (x.kind != OTHER && y.kind != OTHER && isfinite(x.number) && isfinite(y.number)
        && compute(x.number, y.number, r)) {
        PyObject *made = make_node(rows[row].op, &x, &y, r);
        if (made || PyErr_Occurred())
            return made;
    }
    PyObject *args[] = {left, right};
    PyObject *call = PyObject_TypeCheck(left, &NodeType) ? rows[row].python
                                                         : rows[row].op;
    return PyObject_Vectorcall(call, args, 2, NULL);
}

static PyObject *
operate_on_one(int row, PyObject *operand)
{
    double r[3];
    if (!rows[row].op)
        Py_RETURN_NOTIMPLEMENTED;
    Operand x = classify(operand);
    if (x.kind == VALUE && isfinite(x.number)
        && COMPILED[row].compute(x.number, 0, r)) {
        PyObject *made = make_node(rows[row].op, &x, NULL, r);
        if (made || PyErr_Occurred())
            return made;
    }
    return PyObject_CallOneArg(rows[row].python, operand);
}

#define OPERATOR(name) \
    static PyObject *node_##name(PyObject *left, PyObject *right) \
    { \
        return operate(ROW_##name, compute_##name, left, right); \
    }
OPERATOR(add)
OPERATOR(sub)
OPERATOR(mul)
OPERATOR(truediv)
OPERATOR(floordiv)
OPERATOR(mod)

static PyObject *
node_pow(PyObject *left, PyObject *right, PyObject *modulus)
{
    if (modulus == Py_None)
        return operate(ROW_pow, compute_pow, left, right);
    return PyObject_CallFunctionObjArgs(rows[ROW_pow].python, left, right, modulus,
                                        NULL);
}

static PyObject *
node_neg(PyObject *operand)
{
    return operate_on_one(ROW_neg, operand);
}

static PyObject *
node_abs(PyObject *operand)
{
    return operate_on_one(ROW_abs, operand);
}

static PyNumberMethods node_numbers = {
    .nb_add = node_add,
    .nb_subtract = node_sub,
    .nb_multiply = node_mul,
    .nb_true_divide = node_truediv,
    .nb_floor_divide = node_floordiv,
    .nb_remainder = node_mod,
    .nb_power = node_pow,
    .nb_negative = node_neg,
    .nb_absolute = node_abs,
};

/* -- methods -------------------------------------------------------------------- */

static PyObject *
method_get(PyObject *self, PyObject *object, PyObject *type)
{
    (void)type;
    return object ? PyMethod_New(self, object) : Py_NewRef(self);
}

static PyObject *
method_repr(Method *self)
{
    return PyUnicode_FromFormat("<method of %R>", self->op);
}

static int
method_traverse(Method *self, visitproc visit, void *arg)
{
    Py_VISIT(self->op);
    Py_VISIT(self->python);
    Py_VISIT(self->doc);
    Py_VISIT(self->name);
    Py_VISIT(self->qualname);
    return 0;
}

static int
method_clear(Method *self)
{
    Py_CLEAR(self->op);
    Py_CLEAR(self->python);
    Py_CLEAR(self->doc);
    Py_CLEAR(self->name);
    Py_CLEAR(self->qualname);
    return 0;
}

static void
method_dealloc(Method *self)
{
    PyObject_GC_UnTrack(self);
    method_clear(self);
    PyObject_GC_Del(self);
}

static PyMemberDef method_members[] = {
    {"__doc__", T_OBJECT, offsetof(Method, doc), 0, NULL},
    {"__name__", T_OBJECT, offsetof(Method, name), 0, NULL},
    {"__qualname__", T_OBJECT, offsetof(Method, qualname), 0, NULL},
    {"__wrapped__", T_OBJECT, offsetof(Method, python), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyTypeObject MethodType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "engine.native.compiled.Method",
    .tp_basicsize = sizeof(Method),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL
                | Py_TPFLAGS_METHOD_DESCRIPTOR,
    .tp_vectorcall_offset = offsetof(Method, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_descr_get = method_get,
    .tp_repr = (reprfunc)method_repr,
    .tp_traverse = (traverseproc)method_traverse,
    .tp_clear = (inquiry)method_clear,
    .tp_dealloc = (destructor)method_dealloc,
    .tp_members = method_members,
};

/* -- fields --------------------------------------------------------------------- */

static PyObject *
ask_python(PyObject *property, Node *node)
{
    return Py_TYPE(property)->tp_descr_get(property, (PyObject *)node,
                                           (PyObject *)Py_TYPE(node));
}

static int
tell_python(PyObject *property, Node *node, PyObject *given)
{
    return Py_TYPE(property)->tp_descr_set(property, (PyObject *)node, given);
}

static PyObject *
get_data(Node *node, void *unused)
{
    (void)unused;
    return is_quiet() ? PyFloat_FromDouble(node->number)
                      : ask_python(python_data, node);
}

static int
set_data(Node *node, PyObject *given, void *unused)
{
    (void)unused;
    if (!given || PySet_GET_SIZE(active) || !PyFloat_CheckExact(given))
        return tell_python(python_data, node, given);
    node->number = PyFloat_AS_DOUBLE(given);
    return 0;
}

static PyObject *
get_grad(Node *node, void *unused)
{
    (void)unused;
    if (PySet_GET_SIZE(active))
        return ask_python(python_grad, node);
    return PyFloat_FromDouble(holds(node->grad, NOTHING) ? 0.0 : node->grad);
}

static int
set_grad(Node *node, PyObject *given, void *unused)
{
    (void)unused;
    if (!given || PySet_GET_SIZE(active) || !PyFloat_CheckExact(given))
        return tell_python(python_grad, node, given);
    node->grad = as_gradient(PyFloat_AS_DOUBLE(given));
    return 0;
}

static PyObject *
get_has_gradient(Node *node, void *unused)
{
    (void)unused;
    if (PySet_GET_SIZE(active))
        return ask_python(python_has_gradient, node);
    return PyBool_FromLong(!holds(node->grad, NOTHING));
}

static PyObject *
get_parents(Node *node, void *unused)
{
    (void)unused;
    if (node->x)
        return node->y ? PyTuple_Pack(2, node->x, node->y) : PyTuple_Pack(1, node->x);
    return node->y ? Py_NewRef(node->y) : PyTuple_New(0);
}

static PyObject *
get_partials(Node *node, void *unused)
{
    (void)unused;
    if (!node->x || !is_quiet())
        return ask_python(python_partials, node);
    return node->y ? Py_BuildValue("(dd)", node->dx, node->dy)
                   : Py_BuildValue("(d)", node->dx);
}

/* The fields as the Python code has them, None where there is nothing. */

static PyObject *
get_object(Node *node, void *offset)
{
    PyObject *found = *(PyObject **)((char *)node + (size_t)offset);
    return Py_NewRef(found ? found : Py_None);
}

/* Whether metadata knows more than names and numbers. */
static int
knows_objects(PyObject *metadata)
{
    if (metadata == no_metadata || metadata == constant_metadata)
        return 0;
    PyObject *recorder = PyObject_GetAttrString(metadata, "recorder");
    PyObject *beside = PyObject_GetAttrString(metadata, "beside");
    int has_none = recorder == Py_None && beside && PyTuple_Check(beside)
                   && PyTuple_GET_SIZE(beside) == 0;
    Py_XDECREF(recorder);
    Py_XDECREF(beside);
    PyErr_Clear();
    return !has_none;
}

static int
are_nodes(PyObject *many)
{
    int all = PyTuple_CheckExact(many);
    for (Py_ssize_t i = 0; all && i < PyTuple_GET_SIZE(many); i++)
        all = PyObject_TypeCheck(PyTuple_GET_ITEM(many, i), &NodeType);
    if (!all)
        PyErr_Format(PyExc_TypeError, "operands are nodes, not %R", many);
    return all;
}

static int
set_object(Node *node, PyObject *given, void *offset)
{
    PyObject **field = (PyObject **)((char *)node + (size_t)offset);
    int many = has_many(node), is_operand = (size_t)offset == offsetof(Node, x);
    if (given == Py_None)
        given = NULL;
    if (given && is_operand && !PyObject_TypeCheck(given, &NodeType)) {
        PyErr_Format(PyExc_TypeError, "an operand is a node, not %R", given);
        return -1;
    }
    if (given && (size_t)offset == offsetof(Node, y)
        && !PyObject_TypeCheck(given, &NodeType) && !are_nodes(given))
        return -1;
    if (many) /* partials are no longer of these operands */
        Py_CLEAR(node->partials);
    Py_XSETREF(*field, Py_XNewRef(given));
    if (given && ((size_t)offset != offsetof(Node, metadata) || knows_objects(given)))
        track(node);
    if (has_many(node) != many)
        node->partials = NULL;
    return 0;
}

static PyObject *
get_number(Node *node, void *offset)
{
    double number = *(double *)((char *)node + (size_t)offset);
    return holds(number, NOTHING) ? Py_NewRef(Py_None) : PyFloat_FromDouble(number);
}

static int
set_number(Node *node, PyObject *given, void *offset)
{
    double number;
    if (!given || given == Py_None)
        number = as_mark(NOTHING);
    else {
        number = PyFloat_AsDouble(given);
        if (number == -1 && PyErr_Occurred())
            return -1;
    }
    double *field = (double *)((char *)node + (size_t)offset);
    *field = field == &node->grad && given != Py_None ? as_gradient(number) : number;
    return 0;
}

static PyObject *
get_dx(Node *node, void *unused)
{
    (void)unused;
    return node->x ? PyFloat_FromDouble(node->dx) : Py_NewRef(Py_None);
}

static PyObject *
get_dy(Node *node, void *unused)
{
    (void)unused;
    if (!node->y || (!node->x && !node->partials))
        return Py_NewRef(Py_None);
    return node->x ? PyFloat_FromDouble(node->dy) : Py_NewRef(node->partials);
}

static int
set_dy(Node *node, PyObject *given, void *unused)
{
    (void)unused;
    if (!has_many(node))
        return given == Py_None ? 0 : set_number(node, given, (void *)offsetof(Node, dy));
    if (!given || !PyTuple_CheckExact(given)
        || PyTuple_GET_SIZE(given) != PyTuple_GET_SIZE(node->y)) {
        PyErr_SetString(PyExc_TypeError, "each operand has one local derivative");
        return -1;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(given); i++)
        if (!PyFloat_Check(PyTuple_GET_ITEM(given, i))) {
            PyErr_Format(PyExc_TypeError, "local derivatives are floats, not %R", given);
            return -1;
        }
    Py_XSETREF(node->partials, Py_NewRef(given));
    return 0;
}

#define FIELD(name, get, set, of) \
    {name, (getter)get, (setter)set, NULL, (void *)offsetof(Node, of)}
static PyGetSetDef node_fields[] = {
    {"data", (getter)get_data, (setter)set_data, "The number.", NULL},
    {"grad", (getter)get_grad, (setter)set_grad,
     "\xe2\x88\x82output/\xe2\x88\x82self, summed over all `backward` calls since the "
     "last `zero_grad`.\n\n0.0 until a `backward` reaches the node.", NULL},
    {"has_gradient", (getter)get_has_gradient, NULL,
     "Whether a `backward` has reached this node since it was made or cleared.\n\n"
     "It tells a gradient that is zero from one that nobody has computed.", NULL},
    {"parents", (getter)get_parents, NULL,
     "The operands in order, one entry per use: x * x has two parents.", NULL},
    {"partials", (getter)get_partials, NULL,
     "\xe2\x88\x82self/\xe2\x88\x82parent for each parent, as recorded when this node "
     "was made.", NULL},
    FIELD("op", get_object, set_object, op),
    FIELD("_x", get_object, set_object, x),
    FIELD("_y", get_object, set_object, y),
    FIELD("_metadata", get_object, set_object, metadata),
    FIELD("_number", get_number, set_number, number),
    FIELD("_grad", get_number, set_number, grad),
    FIELD("_dx", get_dx, set_number, dx),
    FIELD("_dy", get_dy, set_dy, dy),
    {NULL, NULL, NULL, NULL, NULL},
};

static PyTypeObject NodeType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "engine.native.compiled.Node",
    .tp_doc = "Node(data, label=None)\n--\n\n"
              "The fields of a node, its number and its gradient.",
    .tp_basicsize = sizeof(Node),
    .tp_weaklistoffset = offsetof(Node, weakrefs),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = node_new,
    .tp_init = node_init,
    .tp_dealloc = (destructor)node_dealloc,
    .tp_traverse = (traverseproc)node_traverse,
    .tp_clear = (inquiry)node_clear,
    .tp_free = PyObject_GC_Del,
    .tp_as_number = &node_numbers,
    .tp_getset = node_fields,
};

/* -- walks ---------------------------------------------------------------------- */

typedef struct {
    Node *node;
    double number; /* the gradient that the node had; in the end, its adjoint */
} Entry;

typedef struct {
    Entry *entries;
    size_t count, room;
} Entries;

static int
push(Entries *to, Node *node, double number)
{
    if (to->count == to->room) {
        size_t room = to->room ? 2 * to->room : 1024;
        Entry *entries = PyMem_RawRealloc(to->entries, room * sizeof(Entry));
        if (!entries)
            return -1;
        to->entries = entries;
        to->room = room;
    }
    to->entries[to->count++] = (Entry){node, number};
    return 0;
}

/* On the stack, a node that has been seen and whose operands come before it carries a
   mark in its address. */
#define IS_OPEN(node) ((uintptr_t)(node) & 1)
#define OPENED(node) ((Node *)((uintptr_t)(node) | 1))
#define CLOSED(node) ((Node *)((uintptr_t)(node) & ~(uintptr_t)1))

/* Give back the gradients that nodes had, and the memory. */
static void
leave(Entries *entries, int restore)
{
    for (size_t i = 0; restore && i < entries->count; i++)
        CLOSED(entries->entries[i].node)->grad = entries->entries[i].number;
    PyMem_RawFree(entries->entries);
}

/* Fill `order` with every node that the roots depend on, parents before children, as
   `topological_order` in Python does: their gradients are WALKED afterwards, and what
   they were is in the entries. -1 with an error set where there is no memory. */
static int
walk(PyObject *const *roots, Py_ssize_t count, Entries *order)
{
    Entries stack = {NULL, 0, 0};
    *order = stack;
    for (Py_ssize_t i = count; i--;)
        if (push(&stack, (Node *)roots[i], 0) < 0)
            goto failed;
    while (stack.count) {
        Entry top = stack.entries[--stack.count];
        Node *node = top.node;
        if (IS_OPEN(node)) {
            if (push(order, CLOSED(node), top.number) < 0) {
                CLOSED(node)->grad = top.number;
                goto failed;
            }
            continue;
        }
        if (holds(node->grad, WALKED))
            continue;
        double grad = node->grad;
        Node *x = node->x;
        if (!x && !node->y) {
            if (push(order, node, grad) < 0)
                goto failed;
            node->grad = as_mark(WALKED);
            continue;
        }
        if (push(&stack, OPENED(node), grad) < 0)
            goto failed;
        node->grad = as_mark(WALKED);
        if (x) {
            Node *y = (Node *)node->y;
            if (y && !holds(y->grad, WALKED) && push(&stack, y, 0) < 0)
                goto failed;
            if (!holds(x->grad, WALKED) && push(&stack, x, 0) < 0)
                goto failed; /* it is the next that is popped */
        }
        else
            for (Py_ssize_t i = PyTuple_GET_SIZE(node->y); i--;)
                if (push(&stack, (Node *)PyTuple_GET_ITEM(node->y, i), 0) < 0)
                    goto failed;
    }
    PyMem_RawFree(stack.entries);
    return 0;

failed:
    for (size_t i = 0; i < stack.count; i++)
        if (IS_OPEN(stack.entries[i].node))
            CLOSED(stack.entries[i].node)->grad = stack.entries[i].number;
    PyMem_RawFree(stack.entries);
    leave(order, 1);
    PyErr_NoMemory();
    return -1;
}

static void
flow(Node *to, double gradient)
{
    to->grad = as_gradient((holds(to->grad, WALKED) ? 0 : to->grad) + gradient);
}

/* Add to the adjoint of each operand what flows to it, outputs before operands. A
   node's adjoint is in its gradient until the node's turn comes, and then in the
   entry if it is asked for, else added to the gradient that the node had. */
static void
sweep(const Entries *order, int keep)
{
    for (size_t i = order->count; i--;) {
        Entry *entry = &order->entries[i];
        Node *node = entry->node;
        double adjoint = holds(node->grad, WALKED) ? 0 : node->grad;
        double before = entry->number;
        if (keep) {
            entry->number = adjoint;
            node->grad = before;
        }
        else {
            if (holds(before, NOTHING) || before == 0)
                before = 0; /* and not -0 */
            node->grad = as_gradient(before + adjoint);
        }
        if (node->x) {
            flow(node->x, adjoint * node->dx);
            if (node->y)
                flow((Node *)node->y, adjoint * node->dy);
        }
        else if (node->y && node->partials)
            for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(node->y); k++)
                flow((Node *)PyTuple_GET_ITEM(node->y, k),
                     adjoint * PyFloat_AS_DOUBLE(PyTuple_GET_ITEM(node->partials, k)));
    }
}

static int
check_nodes(PyObject *const *objects, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++)
        if (!PyObject_TypeCheck(objects[i], &NodeType)) {
            PyErr_Format(PyExc_TypeError, "a graph has nodes, not %R", objects[i]);
            return -1;
        }
    return 0;
}

static PyObject *
topological_order(PyObject *module, PyObject *const *roots, Py_ssize_t count)
{
    (void)module;
    Entries order;
    if (check_nodes(roots, count) < 0 || walk(roots, count, &order) < 0)
        return NULL;
    for (size_t i = 0; i < order.count; i++) {
        order.entries[i].node->grad = order.entries[i].number;
        Py_INCREF(order.entries[i].node); /* before anything else runs */
    }
    PyObject *list = PyList_New((Py_ssize_t)order.count);
    for (size_t i = 0; i < order.count; i++)
        if (list)
            PyList_SET_ITEM(list, (Py_ssize_t)i, (PyObject *)order.entries[i].node);
        else
            Py_DECREF(order.entries[i].node);
    leave(&order, 0);
    return list;
}

static PyObject *
adjoints(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    Entries order;
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "adjoints(output, seed)");
        return NULL;
    }
    double seed = PyFloat_AsDouble(args[1]);
    if ((seed == -1 && PyErr_Occurred()) || check_nodes(args, 1) < 0
        || walk(args, 1, &order) < 0)
        return NULL;
    ((Node *)args[0])->grad = as_gradient(seed);
    sweep(&order, 1);
    for (size_t i = 0; i < order.count; i++)
        Py_INCREF(order.entries[i].node); /* before anything else runs */
    PyObject *found = PyDict_New();
    for (size_t i = 0; i < order.count; i++) {
        Entry *entry = &order.entries[i];
        PyObject *adjoint = found ? PyFloat_FromDouble(entry->number) : NULL;
        if (found && (!adjoint || PyDict_SetItem(found, (PyObject *)entry->node, adjoint) < 0))
            Py_CLEAR(found);
        Py_XDECREF(adjoint);
        Py_DECREF(entry->node);
    }
    leave(&order, 0);
    return found;
}

/* read_numbers(nodes): their numbers as bytes, one double after the other. */
static PyObject *
read_numbers(PyObject *module, PyObject *nodes)
{
    (void)module;
    PyObject *all = PySequence_Fast(nodes, "read_numbers() takes nodes");
    if (!all)
        return NULL;
    PyObject **items = PySequence_Fast_ITEMS(all), *bytes = NULL;
    Py_ssize_t count = PySequence_Fast_GET_SIZE(all);
    if (check_nodes(items, count) == 0)
        bytes = PyBytes_FromStringAndSize(NULL, count * (Py_ssize_t)sizeof(double));
    for (Py_ssize_t i = 0; bytes && i < count; i++)
        memcpy(PyBytes_AS_STRING(bytes) + (size_t)i * sizeof(double),
               &((Node *)items[i])->number, sizeof(double));
    Py_DECREF(all);
    return bytes;
}

/* read_gradients(nodes): their gradients likewise, and a byte for each: whether it has
   one. */
static PyObject *
read_gradients(PyObject *module, PyObject *nodes)
{
    (void)module;
    PyObject *all = PySequence_Fast(nodes, "read_gradients() takes nodes");
    if (!all)
        return NULL;
    PyObject **items = PySequence_Fast_ITEMS(all), *found = NULL;
    Py_ssize_t count = PySequence_Fast_GET_SIZE(all);
    PyObject *numbers = NULL, *flags = NULL;
    if (check_nodes(items, count) == 0) {
        numbers = PyBytes_FromStringAndSize(NULL, count * (Py_ssize_t)sizeof(double));
        flags = PyBytes_FromStringAndSize(NULL, count);
    }
    for (Py_ssize_t i = 0; numbers && flags && i < count; i++) {
        const double *grad = &((Node *)items[i])->grad;
        PyBytes_AS_STRING(flags)[i] = !holds(*grad, NOTHING);
        memcpy(PyBytes_AS_STRING(numbers) + (size_t)i * sizeof *grad, grad, sizeof *grad);
    }
    if (numbers && flags)
        found = PyTuple_Pack(2, numbers, flags);
    Py_XDECREF(numbers);
    Py_XDECREF(flags);
    Py_DECREF(all);
    return found;
}

/* write_numbers(nodes, array): the other way round. */
static PyObject *
write_numbers(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    Py_buffer view;
    if (count != 2 || !PyList_CheckExact(args[0])) {
        PyErr_SetString(PyExc_TypeError, "write_numbers(list of nodes, array)");
        return NULL;
    }
    PyObject **items = ((PyListObject *)args[0])->ob_item;
    count = PyList_GET_SIZE(args[0]);
    if (check_nodes(items, count) < 0
        || PyObject_GetBuffer(args[1], &view, PyBUF_SIMPLE) < 0)
        return NULL;
    int is_right = view.len == count * (Py_ssize_t)sizeof(double);
    for (Py_ssize_t i = 0; is_right && i < count; i++)
        memcpy(&((Node *)items[i])->number, (char *)view.buf + (size_t)i * sizeof(double),
               sizeof(double));
    PyBuffer_Release(&view);
    if (is_right)
        Py_RETURN_NONE;
    PyErr_SetString(PyExc_ValueError, "each node needs one number");
    return NULL;
}

/* add_gradients(nodes, gradients): a list and an array of doubles. */
static PyObject *
add_gradients(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    Entries order;
    Py_buffer view;
    if (count != 2 || !PyList_CheckExact(args[0])) {
        PyErr_SetString(PyExc_TypeError, "add_gradients(list of nodes, array)");
        return NULL;
    }
    PyObject **roots = ((PyListObject *)args[0])->ob_item;
    count = PyList_GET_SIZE(args[0]);
    if (check_nodes(roots, count) < 0
        || PyObject_GetBuffer(args[1], &view, PyBUF_SIMPLE) < 0)
        return NULL;
    const double *gradients = view.buf;
    int failed = view.len != count * (Py_ssize_t)sizeof(double), all_leaves = 1;
    if (failed)
        PyErr_SetString(PyExc_ValueError, "each node needs one gradient");
    for (Py_ssize_t i = 0; i < count; i++)
        all_leaves &= !((Node *)roots[i])->x && !((Node *)roots[i])->y;
    if (!failed && !all_leaves)
        failed = walk(roots, count, &order) < 0;
    for (Py_ssize_t i = 0; !failed && i < count; i++) {
        double *grad = &((Node *)roots[i])->grad;
        if (all_leaves)
            *grad = as_gradient((holds(*grad, NOTHING) || *grad == 0 ? 0 : *grad)
                                + gradients[i]);
        else
            flow((Node *)roots[i], gradients[i]);
    }
    if (!failed && !all_leaves) {
        sweep(&order, 0);
        leave(&order, 0);
    }
    PyBuffer_Release(&view);
    return failed ? NULL : Py_NewRef(Py_None);
}

static PyObject *
clear(PyObject *module, PyObject *nodes)
{
    (void)module;
    PyObject *all = PySequence_Fast(nodes, "clear() takes nodes");
    if (!all)
        return NULL;
    PyObject **items = PySequence_Fast_ITEMS(all);
    Py_ssize_t count = PySequence_Fast_GET_SIZE(all);
    int failed = check_nodes(items, count);
    for (Py_ssize_t i = 0; !failed && i < count; i++)
        ((Node *)items[i])->grad = as_mark(NOTHING);
    Py_DECREF(all);
    return failed ? NULL : Py_NewRef(Py_None);
}

/* -- the module ----------------------------------------------------------------- */

/* make_method(op, python, fold): the method of a row as the compiled core has it, or
   None where it has no such row. A row with its last operand fixed has `made_from`. */
static PyObject *
make_method(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *op, *python, *fold;
    const char *name;
    double fixed = 0;
    int is_fixed, row = 0;
    if (!PyArg_ParseTuple(args, "OOOspd", &op, &python, &fold, &name, &is_fixed,
                          &fixed))
        return NULL;
    while (row < ROWS && strcmp(COMPILED[row].name, name))
        row++;
    if (row == ROWS || (is_fixed && !COMPILED[row].compute_fixed))
        Py_RETURN_NONE;
    Method *method = PyObject_GC_New(Method, &MethodType);
    if (!method)
        return NULL;
    method->vectorcall = call_method;
    method->row = row;
    method->compute = is_fixed ? COMPILED[row].compute_fixed : COMPILED[row].compute;
    method->arity = COMPILED[row].arity - is_fixed;
    method->fixed = fixed;
    method->op = Py_NewRef(op);
    method->python = Py_NewRef(python);
    method->doc = method->name = method->qualname = NULL;
    PyObject_GC_Track(method);
    method->folds = !is_fixed && fold != Py_None;
    if (!is_fixed) {
        Py_XSETREF(rows[row].op, Py_NewRef(op));
        Py_XSETREF(rows[row].python, Py_NewRef(python));
        Py_XSETREF(rows[row].fold, Py_NewRef(fold));
        Py_XSETREF(rows[row].ints, PyDict_New());
        Py_XSETREF(rows[row].floats, PyDict_New());
        if (!rows[row].ints || !rows[row].floats)
            Py_CLEAR(method);
    }
    return (PyObject *)method;
}

/* document(name, doc): what `help` shows of an operator. Its descriptor is made anew
   with another text, so that the type still calls the function of C behind it. */
static PyObject *
document(PyObject *module, PyObject *args)
{
    (void)module;
    const char *name, *doc;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(args, "ss#", &name, &doc, &size))
        return NULL;
    PyObject *known = PyDict_GetItemString(NodeType.tp_dict, name);
    if (!known || !Py_IS_TYPE(known, &PyWrapperDescr_Type))
        Py_RETURN_NONE;
    PyWrapperDescrObject *descriptor = (PyWrapperDescrObject *)known;
    struct wrapperbase *base = PyMem_Malloc(sizeof *base);
    char *text = PyMem_Malloc((size_t)size + 1); /* both as long as the type */
    if (!base || !text) {
        PyMem_Free(base);
        PyMem_Free(text);
        return PyErr_NoMemory();
    }
    *base = *descriptor->d_base;
    base->doc = memcpy(text, doc, (size_t)size + 1);
    PyObject *made = PyDescr_NewWrapper(&NodeType, base, descriptor->d_wrapped);
    if (!made || PyDict_SetItemString(NodeType.tp_dict, name, made) < 0) {
        Py_XDECREF(made);
        return NULL;
    }
    Py_DECREF(made);
    PyType_Modified(&NodeType);
    Py_RETURN_NONE;
}

static PyObject *
find_property(const char *name)
{
    return PyObject_GetAttrString(python_node, name);
}

/* configure(Node, active, watchers, recorders, context, no_metadata, constant) */
static PyObject *
configure(PyObject *module, PyObject *args)
{
    (void)module;
    if (!PyArg_ParseTuple(args, "OO!O!O!O!OO", &python_node, &PySet_Type, &active,
                          &PyDict_Type, &watchers, &PyDict_Type, &recorders,
                          &PyContextVar_Type, &context, &no_metadata,
                          &constant_metadata))
        return NULL;
    PyObject *kept[] = {python_node, active, watchers, recorders, context, no_metadata,
                        constant_metadata};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        Py_INCREF(kept[i]); /* as long as the program runs */
    python_data = find_property("data");
    python_grad = find_property("grad");
    python_has_gradient = find_property("has_gradient");
    python_partials = find_property("partials");
    python_init = find_property("__init__");
    if (!python_data || !python_grad || !python_has_gradient || !python_partials
        || !python_init)
        return NULL;
    Py_RETURN_NONE;
}

/* adopt(Value): this class is what operations make. */
static PyObject *
adopt(PyObject *module, PyObject *kind)
{
    (void)module;
    if (!PyType_Check(kind) || !PyType_IsSubtype((PyTypeObject *)kind, &NodeType)
        || ((PyTypeObject *)kind)->tp_basicsize != sizeof(Node)) {
        PyErr_SetString(PyExc_TypeError, "adopt() takes a class of nodes with no slots");
        return NULL;
    }
    ValueType = (PyTypeObject *)Py_NewRef(kind);
    ValueType->tp_dealloc = value_dealloc;
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"configure", configure, METH_VARARGS, NULL},
    {"adopt", adopt, METH_O, NULL},
    {"make_method", make_method, METH_VARARGS, NULL},
    {"document", document, METH_VARARGS, NULL},
    {"topological_order", (PyCFunction)(void (*)(void))topological_order, METH_FASTCALL,
     NULL},
    {"adjoints", (PyCFunction)(void (*)(void))adjoints, METH_FASTCALL, NULL},
    {"add_gradients", (PyCFunction)(void (*)(void))add_gradients, METH_FASTCALL, NULL},
    {"read_numbers", read_numbers, METH_O, NULL},
    {"read_gradients", read_gradients, METH_O, NULL},
    {"write_numbers", (PyCFunction)(void (*)(void))write_numbers, METH_FASTCALL, NULL},
    {"clear", clear, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "engine.native.compiled",
    .m_doc = "The compiled core; see node.c.",
    .m_size = -1,
    .m_methods = functions,
};

PyMODINIT_FUNC
PyInit_compiled(void)
{
    if (PyType_Ready(&NodeType) < 0 || PyType_Ready(&MethodType) < 0)
        return NULL;
    PyObject *module = PyModule_Create(&definition);
    if (!module || PyModule_AddObjectRef(module, "Node", (PyObject *)&NodeType) < 0
        || PyModule_AddStringConstant(module, "fingerprint", FINGERPRINT) < 0)
        return NULL;
    return module;
}
