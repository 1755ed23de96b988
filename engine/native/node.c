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
    /* What a walk needs, side by side: */
    double number;
    double grad;    /* NOTHING until a sweep reaches the node */
    struct Node *x; /* the first operand */
    PyObject *y;    /* the second; where x is NULL, a tuple of three or more */
    double dx;
    union {
        double dy;
        PyObject *partials; /* of the operands in a tuple */
    };
    PyObject *op; /* the row of the table; NULL for a leaf */
    PyObject *metadata;
    PyObject *weakrefs;
} Node;

static PyTypeObject NodeType;
static PyTypeObject *ValueType; /* what operations make: the class in Python */

/* -- what Python has told us ---------------------------------------------------- */

static PyObject *active, *watchers, *recorders; /* of engine.graph.context */
static PyObject *context;                       /* its variable, of the same */
static PyObject *no_metadata, *constant_metadata;
static PyObject *python_node; /* the class that defines what a node is */
static PyObject *python_data, *python_grad, *python_has_gradient, *python_partials,
    *python_init, *python_call;

static int is_quiet(void) {
    return PySet_GET_SIZE(active) == 0 && PyDict_GET_SIZE(watchers) == 0;
}

/* The metadata that a node gets that is made here and now, and that a constant gets,
   and the list that a recorder keeps of nodes, or NULL; all borrowed. 0 where something
   unusual is going on: Python finds out what. */
static int find_metadata(PyObject **metadata, PyObject **constant, PyObject **list) {
    static PyObject *seen, *plan; /* the context that was last here, and its plan */
    *metadata = no_metadata;
    *constant = constant_metadata;
    *list = NULL;
    if (PySet_GET_SIZE(active) == 0)
        return 1;
    PyObject *here;
    if (PyContextVar_Get(context, NULL, &here) < 0)
        return 0;
    if (here != seen) {
        PyObject *found = PyObject_GetAttrString(here, "plan");
        Py_XSETREF(plan, found);
        Py_XSETREF(seen, found ? Py_NewRef(here) : NULL);
    }
    Py_DECREF(here);
    if (!plan || !PyTuple_CheckExact(plan) || PyTuple_GET_SIZE(plan) != 3)
        return 0; /* it is None, for example */
    *metadata = PyTuple_GET_ITEM(plan, 0);
    *constant = PyTuple_GET_ITEM(plan, 1);
    *list = PyTuple_GET_ITEM(plan, 2);
    if (PyList_CheckExact(*list))
        return 1;
    *list = NULL;
    return PyDict_GET_SIZE(recorders) == 0;
}

/* -- gradients that are not there, and marks of walks --------------------------- */

#define NOTHING 0x7ff8d07c4ad00000ULL /* not-a-numbers that no arithmetic makes */
#define WALKED 0x7ff8d07c4ad00001ULL

static int holds(double x, uint64_t mark) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits == mark;
}

static double as_mark(uint64_t mark) {
    double x;
    memcpy(&x, &mark, sizeof x);
    return x;
}

/* A gradient, which nobody may take for one of the marks. */
static double as_gradient(double x) { return isnan(x) ? Py_NAN : x; }

/* -- making and freeing nodes --------------------------------------------------- */

/* The garbage collector hears of a node only where it could be part of a cycle: where
   Python made it, so that its row or its metadata may know other objects, and where an
   operand of it is such a node. It would walk over the whole graph again and again
   while that is built. */
static void track(void *node) {
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
static Node *new_node(void) {
    Node *node;
    if (spares) {
        node = spare[--spares];
        if (spares >= AHEAD) {
            PREFETCH(spare[spares - AHEAD]);
            PREFETCH(&spare[spares - AHEAD]->dx);
        }
        (void)PyObject_Init((PyObject *)node, ValueType);
    } else {
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

static PyObject *new_constant(double number, PyObject *metadata) {
    Node *node = new_node();
    if (node) {
        node->number = number;
        node->metadata = Py_NewRef(metadata);
    }
    return (PyObject *)node;
}

static int has_many(const Node *node) { return node->x == NULL && node->y != NULL; }

static int node_clear(Node *node) {
    if (has_many(node))
        Py_CLEAR(node->partials);
    Py_CLEAR(node->x);
    Py_CLEAR(node->y);
    Py_CLEAR(node->op);
    Py_CLEAR(node->metadata);
    return 0;
}

static int node_traverse(Node *node, visitproc visit, void *arg) {
    if (has_many(node))
        Py_VISIT(node->partials);
    Py_VISIT(node->x);
    Py_VISIT(node->y);
    Py_VISIT(node->op);
    Py_VISIT(node->metadata);
    return 0;
}

static void node_dealloc(Node *node) {
    PyObject_GC_UnTrack(node);
    if (node->weakrefs)
        PyObject_ClearWeakRefs((PyObject *)node);
    node_clear(node);
    Py_TYPE(node)->tp_free((PyObject *)node);
}

/* Free a Value, and the graph that only it keeps, in a loop: an operand whose turn has
   not come waits in a list, linked by the field of its weak references. */
static void value_dealloc(PyObject *object) {
    static Node *waiting;
    static int is_running;
    Node *node = (Node *)object;
    PyTypeObject *type = Py_TYPE(node);
    if (type == ValueType && type->tp_finalize &&
        PyObject_CallFinalizerFromDealloc(object) < 0)
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

static PyObject *node_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
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

static Operand classify(PyObject *object) {
    Operand operand = {object, 0, OTHER};
    if (Py_IS_TYPE(object, ValueType)) {
        operand.number = ((Node *)object)->number;
        operand.kind = VALUE;
    } else if (PyFloat_CheckExact(object)) {
        operand.number = PyFloat_AS_DOUBLE(object);
        operand.kind = NUMBER;
    } else if (PyLong_CheckExact(object)) {
        operand.number = PyLong_AsDouble(object);
        operand.kind = NUMBER;
        if (operand.number == -1 && PyErr_Occurred()) { /* it is too large */
            PyErr_Clear();
            operand.kind = OTHER;
        }
    } else if (PyType_IsSubtype(Py_TYPE(object), ValueType)) {
        operand.number = ((Node *)object)->number;
        operand.kind = VALUE;
    }
    return operand;
}

/* self.function(*args, **kwargs) for a function of Python. */
static PyObject *call_bound(PyObject *function, PyObject *self, PyObject *args,
                            PyObject *kwargs) {
    PyObject *bound = PyMethod_New(function, self);
    PyObject *result = bound ? PyObject_Call(bound, args, kwargs) : NULL;
    Py_XDECREF(bound);
    return result;
}

static int node_init(PyObject *self, PyObject *args, PyObject *kwargs) {
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
    PyObject *done = call_bound(python_init, self, args, kwargs);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

/* -- rows ----------------------------------------------------------------------- */

/* Python's x ** y on floats, where both are finite. Where Python raises, or might, the
   result is not finite. */
static double power(double x, double y) {
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
    PyObject *dict; /* its name and its documentation */
} Method;

static PyTypeObject MethodType;

#define NO_OPERAND(fixed) ((Operand){NULL, fixed, NUMBER})

/* The node of `op` at these operands, of which one may be a number, and the second no
   operand at all; NULL without an error where Python has to see to it. */
static inline PyObject *make_node(PyObject *op, compute *compute, Operand left,
                                  Operand right) {
    PyObject *metadata, *constant, *list, *x = left.object, *y = right.object;
    double r[3];
    if (left.kind == OTHER || right.kind == OTHER || !isfinite(left.number) ||
        !isfinite(right.number) || !compute(left.number, right.number, r) ||
        !find_metadata(&metadata, &constant, &list))
        return NULL;
    Node *node = new_node();
    if (!node)
        return NULL;
    node->number = r[0];
    node->op = Py_NewRef(op);
    node->metadata = Py_NewRef(metadata);
    x = left.kind == NUMBER ? new_constant(left.number, constant) : Py_NewRef(x);
    if (y)
        y = right.kind == NUMBER ? new_constant(right.number, constant) : Py_NewRef(y);
    if (!x || (right.object && !y)) {
        Py_XDECREF(x);
        Py_XDECREF(y);
        Py_DECREF(node);
        return NULL;
    }
    node->x = (Node *)x;
    node->dx = r[1];
    if (y) {
        node->y = y;
        node->dy = r[2];
    }
    if (PyObject_GC_IsTracked(x) || (y && PyObject_GC_IsTracked(y)))
        PyObject_GC_Track(node);
    if (list && PyList_Append(list, (PyObject *)node) < 0)
        Py_CLEAR(node);
    return (PyObject *)node;
}

/* The method of a row whose last operand is this number. */
static PyObject *find_folded(int row, PyObject *number) {
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

static PyObject *call_folded(int row, PyObject *operand, PyObject *number) {
    PyObject *method = find_folded(row, number);
    PyObject *made = method ? PyObject_CallOneArg(method, operand) : NULL;
    Py_XDECREF(method);
    return made;
}

static PyObject *call_method(PyObject *self, PyObject *const *args, size_t nargsf,
                             PyObject *names) {
    Method *method = (Method *)self;
    if (PyVectorcall_NARGS(nargsf) == method->arity && !names) {
        Operand x = classify(args[0]);
        Operand y = method->arity == 2 ? classify(args[1]) : NO_OPERAND(method->fixed);
        if (method->folds && x.kind == VALUE && y.kind == NUMBER)
            return call_folded(method->row, args[0], args[1]);
        PyObject *made = NULL;
        if (x.kind == VALUE)
            made = make_node(method->op, method->compute, x, y);
        if (made || PyErr_Occurred())
            return made;
    }
    return PyObject_Vectorcall(method->python, args, nargsf, names);
}

/* op(...), as `Op.__call__` has it, which is asked where anything is unusual. */
static PyObject *call_operation(PyObject *op, PyObject *args, PyObject *kwargs) {
    int row = 0;
    while (row < ROWS && rows[row].op != op)
        row++;
    if (row < ROWS && !kwargs && PyTuple_GET_SIZE(args) == COMPILED[row].arity) {
        PyObject *left = PyTuple_GET_ITEM(args, 0), *right = NULL;
        Operand x = classify(left), y = NO_OPERAND(0);
        if (COMPILED[row].arity == 2)
            y = classify(right = PyTuple_GET_ITEM(args, 1));
        double r[3];
        if (PyFloat_CheckExact(left) && (!right || PyFloat_CheckExact(right))) {
            if (isfinite(x.number) && isfinite(y.number) &&
                COMPILED[row].compute(x.number, y.number, r))
                return PyFloat_FromDouble(r[0]);
        } else if (x.kind == VALUE && y.kind == NUMBER && rows[row].fold != Py_None)
            return call_folded(row, left, right);
        else if (x.kind == VALUE || y.kind == VALUE) {
            PyObject *made = make_node(op, COMPILED[row].compute, x, y);
            if (made || PyErr_Occurred())
                return made;
        }
    }
    return call_bound(python_call, op, args, kwargs);
}

/* An operator: `left` is the operand that Python asks first, unless it is reflected. */
static inline PyObject *operate(int row, compute *compute, PyObject *left,
                                PyObject *right) {
    if (!rows[row].op)
        Py_RETURN_NOTIMPLEMENTED;
    Operand x = classify(left), y = classify(right);
    if (x.kind == VALUE && y.kind == NUMBER && rows[row].fold != Py_None)
        return call_folded(row, left, right);
    PyObject *made = make_node(rows[row].op, compute, x, y);
    if (made || PyErr_Occurred())
        return made;
    PyObject *args[] = {left, right}, *call = rows[row].op;
    if (PyObject_TypeCheck(left, &NodeType))
        call = rows[row].python;
    return PyObject_Vectorcall(call, args, 2, NULL);
}

static PyObject *operate_on_one(int row, compute *compute, PyObject *operand) {
    if (!rows[row].op)
        Py_RETURN_NOTIMPLEMENTED;
    PyObject *made = make_node(rows[row].op, compute, classify(operand), NO_OPERAND(0));
    if (made || PyErr_Occurred())
        return made;
    return PyObject_CallOneArg(rows[row].python, operand);
}

#define OPERATOR(name)                                                                 \
    static PyObject *node_##name(PyObject *left, PyObject *right) {                    \
        return operate(ROW_##name, compute_##name, left, right);                       \
    }
OPERATOR(add)
OPERATOR(sub)
OPERATOR(mul)
OPERATOR(truediv)
OPERATOR(floordiv)
OPERATOR(mod)

static PyObject *node_pow(PyObject *left, PyObject *right, PyObject *modulus) {
    if (modulus == Py_None)
        return operate(ROW_pow, compute_pow, left, right);
    return PyObject_CallFunctionObjArgs(rows[ROW_pow].python, left, right, modulus,
                                        NULL);
}

static PyObject *node_neg(PyObject *operand) {
    return operate_on_one(ROW_neg, compute_neg, operand);
}

static PyObject *node_abs(PyObject *operand) {
    return operate_on_one(ROW_abs, compute_abs, operand);
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

static PyObject *method_get(PyObject *self, PyObject *object, PyObject *type) {
    (void)type;
    return object ? PyMethod_New(self, object) : Py_NewRef(self);
}

static PyObject *method_repr(Method *self) {
    return PyUnicode_FromFormat("<method of %R>", self->op);
}

static int method_traverse(Method *self, visitproc visit, void *arg) {
    Py_VISIT(self->op);
    Py_VISIT(self->python);
    Py_VISIT(self->dict);
    return 0;
}

static int method_clear(Method *self) {
    Py_CLEAR(self->op);
    Py_CLEAR(self->python);
    Py_CLEAR(self->dict);
    return 0;
}

static void method_dealloc(Method *self) {
    PyObject_GC_UnTrack(self);
    method_clear(self);
    PyObject_GC_Del(self);
}

static PyTypeObject MethodType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "engine.native.compiled.Method",
    .tp_basicsize = sizeof(Method),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
                Py_TPFLAGS_METHOD_DESCRIPTOR,
    .tp_vectorcall_offset = offsetof(Method, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_descr_get = method_get,
    .tp_repr = (reprfunc)method_repr,
    .tp_traverse = (traverseproc)method_traverse,
    .tp_clear = (inquiry)method_clear,
    .tp_dealloc = (destructor)method_dealloc,
    .tp_dictoffset = offsetof(Method, dict),
};

/* -- fields --------------------------------------------------------------------- */

static PyObject *ask_python(PyObject *property, Node *node) {
    return Py_TYPE(property)->tp_descr_get(property, (PyObject *)node,
                                           (PyObject *)Py_TYPE(node));
}

static int tell_python(PyObject *property, Node *node, PyObject *given) {
    return Py_TYPE(property)->tp_descr_set(property, (PyObject *)node, given);
}

static PyObject *get_data(Node *node, void *Py_UNUSED(unused)) {
    return is_quiet() ? PyFloat_FromDouble(node->number)
                      : ask_python(python_data, node);
}

static int set_data(Node *node, PyObject *given, void *Py_UNUSED(unused)) {
    if (!given || PySet_GET_SIZE(active) || !PyFloat_CheckExact(given))
        return tell_python(python_data, node, given);
    node->number = PyFloat_AS_DOUBLE(given);
    return 0;
}

static PyObject *get_grad(Node *node, void *Py_UNUSED(unused)) {
    if (PySet_GET_SIZE(active))
        return ask_python(python_grad, node);
    return PyFloat_FromDouble(holds(node->grad, NOTHING) ? 0.0 : node->grad);
}

static int set_grad(Node *node, PyObject *given, void *Py_UNUSED(unused)) {
    if (!given || PySet_GET_SIZE(active) || !PyFloat_CheckExact(given))
        return tell_python(python_grad, node, given);
    node->grad = as_gradient(PyFloat_AS_DOUBLE(given));
    return 0;
}

static PyObject *get_has_gradient(Node *node, void *Py_UNUSED(unused)) {
    if (PySet_GET_SIZE(active))
        return ask_python(python_has_gradient, node);
    return PyBool_FromLong(!holds(node->grad, NOTHING));
}

static PyObject *get_parents(Node *node, void *Py_UNUSED(unused)) {
    if (node->x)
        return node->y ? PyTuple_Pack(2, node->x, node->y) : PyTuple_Pack(1, node->x);
    return node->y ? Py_NewRef(node->y) : PyTuple_New(0);
}

static PyObject *get_partials(Node *node, void *Py_UNUSED(unused)) {
    if (!node->x || !is_quiet())
        return ask_python(python_partials, node);
    return node->y ? Py_BuildValue("(dd)", node->dx, node->dy)
                   : Py_BuildValue("(d)", node->dx);
}

/* The fields as the Python code has them, None where there is nothing. */

static PyObject *get_object(Node *node, void *offset) {
    PyObject *found = *(PyObject **)((char *)node + (size_t)offset);
    return Py_NewRef(found ? found : Py_None);
}

/* Whether metadata knows more than names and numbers. */
static int knows_objects(PyObject *metadata) {
    if (metadata == no_metadata || metadata == constant_metadata)
        return 0;
    PyObject *recorder = PyObject_GetAttrString(metadata, "recorder");
    PyObject *beside = PyObject_GetAttrString(metadata, "beside");
    int has_none = recorder == Py_None && beside && PyTuple_Check(beside) &&
                   PyTuple_GET_SIZE(beside) == 0;
    Py_XDECREF(recorder);
    Py_XDECREF(beside);
    PyErr_Clear();
    return !has_none;
}

static int are_nodes(PyObject *many) {
    int all = PyTuple_CheckExact(many);
    for (Py_ssize_t i = 0; all && i < PyTuple_GET_SIZE(many); i++)
        all = PyObject_TypeCheck(PyTuple_GET_ITEM(many, i), &NodeType);
    if (!all)
        PyErr_Format(PyExc_TypeError, "operands are nodes, not %R", many);
    return all;
}

static int set_object(Node *node, PyObject *given, void *offset) {
    PyObject **field = (PyObject **)((char *)node + (size_t)offset);
    int many = has_many(node), is_operand = (size_t)offset == offsetof(Node, x);
    if (given == Py_None)
        given = NULL;
    if (given && is_operand && !PyObject_TypeCheck(given, &NodeType)) {
        PyErr_Format(PyExc_TypeError, "an operand is a node, not %R", given);
        return -1;
    }
    if (given && (size_t)offset == offsetof(Node, y) &&
        !PyObject_TypeCheck(given, &NodeType) && !are_nodes(given))
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

static PyObject *get_number(Node *node, void *offset) {
    double number = *(double *)((char *)node + (size_t)offset);
    return holds(number, NOTHING) ? Py_NewRef(Py_None) : PyFloat_FromDouble(number);
}

static int set_number(Node *node, PyObject *given, void *offset) {
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

static PyObject *get_dx(Node *node, void *Py_UNUSED(unused)) {
    return node->x ? PyFloat_FromDouble(node->dx) : Py_NewRef(Py_None);
}

static PyObject *get_dy(Node *node, void *Py_UNUSED(unused)) {
    if (!node->y || (!node->x && !node->partials))
        return Py_NewRef(Py_None);
    return node->x ? PyFloat_FromDouble(node->dy) : Py_NewRef(node->partials);
}

static int set_dy(Node *node, PyObject *given, void *Py_UNUSED(unused)) {
    if (!has_many(node))
        return given == Py_None ? 0
                                : set_number(node, given, (void *)offsetof(Node, dy));
    if (!given || !PyTuple_CheckExact(given) ||
        PyTuple_GET_SIZE(given) != PyTuple_GET_SIZE(node->y)) {
        PyErr_SetString(PyExc_TypeError, "each operand has one local derivative");
        return -1;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(given); i++)
        if (!PyFloat_Check(PyTuple_GET_ITEM(given, i))) {
            PyErr_Format(PyExc_TypeError, "local derivatives are floats, not %R",
                         given);
            return -1;
        }
    Py_XSETREF(node->partials, Py_NewRef(given));
    return 0;
}

#define FIELD(name, get, set, of)                                                      \
    {name, (getter)get, (setter)set, NULL, (void *)offsetof(Node, of)}
static PyGetSetDef node_fields[] = {
    {"data", (getter)get_data, (setter)set_data, DOC_data, NULL},
    {"grad", (getter)get_grad, (setter)set_grad, DOC_grad, NULL},
    {"has_gradient", (getter)get_has_gradient, NULL, DOC_has_gradient, NULL},
    {"parents", (getter)get_parents, NULL, DOC_parents, NULL},
    {"partials", (getter)get_partials, NULL, DOC_partials, NULL},
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

static int push(Entries *to, Node *node, double number) {
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
static void leave(Entries *entries, int restore) {
    for (size_t i = 0; restore && i < entries->count; i++)
        CLOSED(entries->entries[i].node)->grad = entries->entries[i].number;
    PyMem_RawFree(entries->entries);
}

/* Fill `order` with every node that the roots depend on, parents before children, as
   `topological_order` in Python does: their gradients are WALKED afterwards, and what
   they were is in the entries. -1 with an error set where there is no memory. */
static int walk(PyObject *const *roots, Py_ssize_t count, Entries *order) {
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
        } else
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

static void flow(Node *to, double gradient) {
    to->grad = as_gradient((holds(to->grad, WALKED) ? 0 : to->grad) + gradient);
}

/* Add to the adjoint of each operand what flows to it, outputs before operands. A
   node's adjoint is in its gradient until the node's turn comes, and then in the
   entry if it is asked for, else added to the gradient that the node had. */
static void sweep(const Entries *order, int keep) {
    for (size_t i = order->count; i--;) {
        Entry *entry = &order->entries[i];
        Node *node = entry->node;
        double adjoint = holds(node->grad, WALKED) ? 0 : node->grad;
        double before = entry->number;
        if (keep) {
            entry->number = adjoint;
            node->grad = before;
        } else {
            if (holds(before, NOTHING) || before == 0)
                before = 0; /* and not -0 */
            node->grad = as_gradient(before + adjoint);
        }
        if (node->x) {
            flow(node->x, adjoint * node->dx);
            if (node->y)
                flow((Node *)node->y, adjoint * node->dy);
        } else if (node->y && node->partials)
            for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(node->y); k++)
                flow((Node *)PyTuple_GET_ITEM(node->y, k),
                     adjoint * PyFloat_AS_DOUBLE(PyTuple_GET_ITEM(node->partials, k)));
    }
}

static int check_nodes(PyObject *const *objects, Py_ssize_t count) {
    for (Py_ssize_t i = 0; i < count; i++)
        if (!PyObject_TypeCheck(objects[i], &NodeType)) {
            PyErr_Format(PyExc_TypeError, "a graph has nodes, not %R", objects[i]);
            return -1;
        }
    return 0;
}

static PyObject *topological_order(PyObject *Py_UNUSED(module), PyObject *const *roots,
                                   Py_ssize_t count) {
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

static PyObject *adjoints(PyObject *Py_UNUSED(module), PyObject *args) {
    Entries order;
    PyObject *output;
    double seed;
    if (!PyArg_ParseTuple(args, "O!d", &NodeType, &output, &seed) ||
        walk(&output, 1, &order) < 0)
        return NULL;
    ((Node *)output)->grad = as_gradient(seed);
    sweep(&order, 1);
    for (size_t i = 0; i < order.count; i++)
        Py_INCREF(order.entries[i].node); /* before anything else runs */
    PyObject *found = PyDict_New();
    for (size_t i = 0; i < order.count; i++) {
        Entry *entry = &order.entries[i];
        PyObject *adjoint = found ? PyFloat_FromDouble(entry->number) : NULL;
        if (found &&
            (!adjoint || PyDict_SetItem(found, (PyObject *)entry->node, adjoint) < 0))
            Py_CLEAR(found);
        Py_XDECREF(adjoint);
        Py_DECREF(entry->node);
    }
    leave(&order, 0);
    return found;
}

typedef struct {
    Node **at;
    Py_ssize_t count;
    int are_leaves; /* all of them */
} Nodes;

/* The nodes of a list or tuple; -1 with an error set where it has anything else. */
static int take_nodes(PyObject *given, Nodes *nodes) {
    if (!PyList_CheckExact(given) && !PyTuple_CheckExact(given)) {
        PyErr_Format(PyExc_TypeError, "give a list of nodes, not a %s",
                     Py_TYPE(given)->tp_name);
        return -1;
    }
    nodes->count = PySequence_Fast_GET_SIZE(given);
    nodes->at = (Node **)PySequence_Fast_ITEMS(given);
    nodes->are_leaves = 1;
    for (Py_ssize_t i = 0; i < nodes->count; i++) {
        if (check_nodes((PyObject **)nodes->at + i, 1) < 0)
            return -1;
        nodes->are_leaves &= !nodes->at[i]->x && !nodes->at[i]->y;
    }
    return 0;
}

/* An array of as many doubles. */
static int take_doubles(PyObject *given, Py_buffer *view, Py_ssize_t count) {
    if (PyObject_GetBuffer(given, view, PyBUF_SIMPLE) < 0)
        return -1;
    if (view->len == count * (Py_ssize_t)sizeof(double))
        return 0;
    PyBuffer_Release(view);
    PyErr_SetString(PyExc_ValueError, "each node needs one number");
    return -1;
}

static PyObject *read_field(PyObject *list, size_t offset) {
    Nodes nodes;
    if (take_nodes(list, &nodes) < 0)
        return NULL;
    PyObject *bytes =
        PyBytes_FromStringAndSize(NULL, nodes.count * (Py_ssize_t)sizeof(double));
    for (Py_ssize_t i = 0; bytes && i < nodes.count; i++)
        memcpy(PyBytes_AS_STRING(bytes) + (size_t)i * sizeof(double),
               (char *)nodes.at[i] + offset, sizeof(double));
    return bytes;
}

/* read_numbers(nodes): their numbers as bytes, one double after the other. */
static PyObject *read_numbers(PyObject *Py_UNUSED(module), PyObject *list) {
    return read_field(list, offsetof(Node, number));
}

/* read_gradients(nodes): their gradients likewise; NOTHING where there is none. */
static PyObject *read_gradients(PyObject *Py_UNUSED(module), PyObject *list) {
    return read_field(list, offsetof(Node, grad));
}

/* write_numbers(nodes, array): the other way round. */
static PyObject *write_numbers(PyObject *Py_UNUSED(module), PyObject *args) {
    Py_buffer view;
    Nodes nodes;
    PyObject *list, *array;
    if (!PyArg_ParseTuple(args, "OO", &list, &array) || take_nodes(list, &nodes) < 0 ||
        take_doubles(array, &view, nodes.count) < 0)
        return NULL;
    for (Py_ssize_t i = 0; i < nodes.count; i++)
        nodes.at[i]->number = ((double *)view.buf)[i];
    PyBuffer_Release(&view);
    Py_RETURN_NONE;
}

/* add_gradients(nodes, array): add to the gradient of each, and of all before it. */
static PyObject *add_gradients(PyObject *Py_UNUSED(module), PyObject *args) {
    Entries order;
    Py_buffer view;
    Nodes roots;
    PyObject *list, *array;
    if (!PyArg_ParseTuple(args, "OO", &list, &array) || take_nodes(list, &roots) < 0 ||
        take_doubles(array, &view, roots.count) < 0)
        return NULL;
    const double *gradients = view.buf;
    int failed = 0;
    if (!roots.are_leaves)
        failed = walk((PyObject **)roots.at, roots.count, &order) < 0;
    for (Py_ssize_t i = 0; !failed && i < roots.count; i++) {
        double *grad = &roots.at[i]->grad;
        if (roots.are_leaves)
            *grad = as_gradient((holds(*grad, NOTHING) || *grad == 0 ? 0 : *grad) +
                                gradients[i]);
        else
            flow(roots.at[i], gradients[i]);
    }
    if (!failed && !roots.are_leaves) {
        sweep(&order, 0);
        leave(&order, 0);
    }
    PyBuffer_Release(&view);
    return failed ? NULL : Py_NewRef(Py_None);
}

static int hold_same(PyObject *a, PyObject *b) {
    int are_lists = (PyTuple_CheckExact(a) || PyList_CheckExact(a)) &&
                    (PyTuple_CheckExact(b) || PyList_CheckExact(b));
    Py_ssize_t count = are_lists ? PySequence_Fast_GET_SIZE(a) : 0;
    if (!are_lists || count != PySequence_Fast_GET_SIZE(b))
        return 0;
    PyObject **xs = PySequence_Fast_ITEMS(a), **ys = PySequence_Fast_ITEMS(b);
    return !count || !memcmp(xs, ys, (size_t)count * sizeof *xs);
}

/* are_same(one, other): whether the lists in one list hold the very same objects as
   those in the other. */
static PyObject *are_same(PyObject *Py_UNUSED(module), PyObject *args) {
    PyObject *a, *b;
    if (!PyArg_ParseTuple(args, "O!O!", &PyList_Type, &a, &PyList_Type, &b))
        return NULL;
    int same = PyList_GET_SIZE(a) == PyList_GET_SIZE(b);
    for (Py_ssize_t i = 0; same && i < PyList_GET_SIZE(a); i++)
        same = hold_same(PyList_GET_ITEM(a, i), PyList_GET_ITEM(b, i));
    return PyBool_FromLong(same);
}

/* clear(nodes): no sweep has reached them. */
static PyObject *clear(PyObject *Py_UNUSED(module), PyObject *list) {
    Nodes nodes;
    if (take_nodes(list, &nodes) < 0)
        return NULL;
    for (Py_ssize_t i = 0; i < nodes.count; i++)
        nodes.at[i]->grad = as_mark(NOTHING);
    Py_RETURN_NONE;
}

/* -- the module ----------------------------------------------------------------- */

/* make_method(op, python, fold): the method of a row as the compiled core has it, or
   None where it has no such row. A row with its last operand fixed has `made_from`. */
static PyObject *make_method(PyObject *Py_UNUSED(module), PyObject *args) {
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
    method->dict = NULL;
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
static PyObject *document(PyObject *Py_UNUSED(module), PyObject *args) {
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

/* configure(Node, active, watchers, recorders, context, no_metadata, constant) */
static PyObject *configure(PyObject *Py_UNUSED(module), PyObject *args) {
    if (!PyArg_ParseTuple(args, "OO!O!O!O!OO", &python_node, &PySet_Type, &active,
                          &PyDict_Type, &watchers, &PyDict_Type, &recorders,
                          &PyContextVar_Type, &context, &no_metadata,
                          &constant_metadata))
        return NULL;
    PyObject *kept[] = {python_node, active,      watchers,         recorders,
                        context,     no_metadata, constant_metadata};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        Py_INCREF(kept[i]); /* as long as the program runs */
    struct {
        PyObject **place;
        const char *name;
    } asked[] = {{&python_data, "data"},
                 {&python_grad, "grad"},
                 {&python_has_gradient, "has_gradient"},
                 {&python_partials, "partials"},
                 {&python_init, "__init__"}};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        if (!(*asked[i].place = PyObject_GetAttrString(python_node, asked[i].name)))
            return NULL;
    Py_RETURN_NONE;
}

/* adopt_operation(Op): rows are called by `call_operation`. */
static PyObject *adopt_operation(PyObject *Py_UNUSED(module), PyObject *kind) {
    Py_XSETREF(python_call, PyObject_GetAttrString(kind, "__call__"));
    if (!python_call)
        return NULL;
    ((PyTypeObject *)kind)->tp_call = call_operation;
    Py_RETURN_NONE;
}

/* adopt(Value): this class is what operations make. */
static PyObject *adopt(PyObject *Py_UNUSED(module), PyObject *kind) {
    if (!PyType_Check(kind) || !PyType_IsSubtype((PyTypeObject *)kind, &NodeType) ||
        ((PyTypeObject *)kind)->tp_basicsize != sizeof(Node)) {
        PyErr_SetString(PyExc_TypeError,
                        "adopt() takes a class of nodes with no slots");
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
    {"adopt_operation", adopt_operation, METH_O, NULL},
    {"topological_order", (PyCFunction)(void (*)(void))topological_order, METH_FASTCALL,
     NULL},
    {"adjoints", adjoints, METH_VARARGS, NULL},
    {"add_gradients", add_gradients, METH_VARARGS, NULL},
    {"read_numbers", read_numbers, METH_O, NULL},
    {"read_gradients", read_gradients, METH_O, NULL},
    {"write_numbers", write_numbers, METH_VARARGS, NULL},
    {"are_same", are_same, METH_VARARGS, NULL},
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

PyMODINIT_FUNC PyInit_compiled(void) {
    if (PyType_Ready(&NodeType) < 0 || PyType_Ready(&MethodType) < 0)
        return NULL;
    PyObject *module = PyModule_Create(&definition);
    if (!module || PyModule_AddObjectRef(module, "Node", (PyObject *)&NodeType) < 0 ||
        PyModule_AddObject(module, "NOTHING", PyLong_FromUnsignedLongLong(NOTHING)) <
            0 ||
        PyModule_AddStringConstant(module, "fingerprint", FINGERPRINT) < 0)
        return NULL;
    return module;
}
