// The syntax of .seq files, and the only definition of it.
//
// Two things happen between lexer and parser, in frontend/parse/Layout.cpp:
//
// * Lines. NEWLINE ends a statement, and so does `;`. A line goes on with the next one inside ( ) and [ ], after an
//   infix operator or a comma, and when the next line begins with an infix operator (a line that begins with `[` or `(`
//   does not go on the one before). Such NEWLINEs are taken away. One is put before every `}` and at the end of the
//   file, so that `end` always follows a statement.
// * Brackets. A `{` that directly follows a name, as in `z{l}` or `h_{t-1}`, becomes INDEX_BRACE; a `;` inside brackets
//   becomes ROW. Brackets that do not match are reported there; the parser sees only matching ones.
//
// Where a rule here takes more than the language has (any postfix expression on the left of `=`, several subscripts,
// `step` and `solve`), frontend/parse/ checks it, because it can say better what is wrong.
grammar Seq;

tokens { INDEX_BRACE, ROW }

//===----------------------------------------------------------------------===//
// Files and systems
//===----------------------------------------------------------------------===//

file : (statement? end)* EOF ;

end : NEWLINE | ';' ;

block : '{' (statement? end)* '}' ;

statement
  : 'use' path                                       # useStatement
  | systemHead block                                 # systemStatement
  | 'input' names ':' type overIndex?                # inputStatement
  | 'param' names ':' type initialiser?              # paramStatement
  | 'const' name '=' expr                            # constStatement
  | 'gate'? postfix (',' postfix)* '=' expr          # equationStatement
  | 'layer' names '=' layerSpec                      # layerStatement
  | 'fn' name '(' names? ')' '=' expr                # fnStatement
  | 'loss' '=' expr                                  # lossStatement
  | 'output' outputItem (',' outputItem)*            # outputStatement
  | 'require' expr                                   # requireStatement
  | forHead block                                    # forStatement
  | 'solve' name                                     # solveStatement
  | 'step' expr                                      # stepStatement
  ;

path : STRING | name ('.' name)* ;

systemHead : kind=('cell' | 'model') name '(' (dim (',' dim)* ','?)? ')' ;

dim : name ('=' expr)? ;

forHead : 'for' name 'in' expr '..' expr ;

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

type
  : '[' (expr (',' expr)*)? ']'                      # tensorType
  | name '[' expr ']'                                # bracketType // diag[H]
  | name '(' expr ')'                                # callType    // id(V)
  | name                                             # nameType    // mask
  ;

overIndex : 'over' name ;

initialiser
  : TILDE name ('(' arguments? ')')?                   # randomInitialiser
  | '=' expr                                         # constantInitialiser
  ;

layerSpec
  : 'reverse' layerSpec                              # reverseLayer
  | 'stack' '(' expr ',' stacked ')' '(' arguments? ')' # stackLayer
  | cellPath '(' arguments? ')'                      # plainLayer
  ;

stacked : 'reverse'? cellPath ;

cellPath : name ('.' name)* ;

outputItem : postfix ;

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

expr
  : postfix                                          # atom
  | <assoc=right> expr POWER expr                    # power
  | sign=(MINUS | PLUS) expr                         # signed
  | expr op=(TIMES | DIVIDE | MATMUL | MODULO) expr  # product
  | expr op=(PLUS | MINUS) expr                      # sum
  | expr op=(LESS | LESS_EQUAL | GREATER | GREATER_EQUAL | EQUAL | NOT_EQUAL) expr # comparison
  ;

postfix : primary trailer* ;

primary
  : name                                             # namePrimary
  | NUMBER                                           # numberPrimary
  | '(' expr ')'                                     # parenthesised
  | '[' element (separator element)* ','? ']'        # concatenation
  | '√' postfix                                      # root
  ;

element : expr ;

separator : ',' | ROW ;

trailer
  : '[' subscript (',' subscript)* ']'               # subscripts
  | '(' arguments? ')'                               # call
  | '.' name                                         # member
  | TRANSPOSED                                       # transposed
  | TIME_SUBSCRIPT                                   # timeSubscript
  ;

subscript : expr (':' expr?)? | ':' expr? ;

arguments : argument (',' argument)* ','? ;

argument : (name ':')? expr ;

names : name (',' name)* ;

name : word nameIndex* ;

// Words of the language that are free to be names where they mean nothing else.
word : ID | 'in' | 'over' | 'solve' | 'step' ;

nameIndex : INDEX_BRACE expr (',' expr)* '}' ;

//===----------------------------------------------------------------------===//
// Words
//===----------------------------------------------------------------------===//

USE : 'use' ;
CELL : 'cell' ;
MODEL : 'model' ;
INPUT : 'input' ;
PARAM : 'param' ;
CONST : 'const' ;
GATE : 'gate' ;
LAYER : 'layer' ;
FN : 'fn' ;
LOSS : 'loss' ;
OUTPUT : 'output' ;
REQUIRE : 'require' ;
FOR : 'for' ;
IN : 'in' ;
OVER : 'over' ;
SOLVE : 'solve' ;
STEP : 'step' ;
REVERSE : 'reverse' ;
STACK : 'stack' ;

// Letters, digits, `_`, combining marks (h̃), primes (h') and subscript digits. Modifier letters (ᵀ, ₜ) are not letters
// here: they are notation.
ID : (LETTER | '_') (LETTER | '_' | [0-9] | [\p{M}] | PRIME | [\u2080-\u2089])* ;
fragment LETTER : [\p{Lu}\p{Ll}\p{Lt}\p{Lo}] ;
fragment PRIME : ['\u2032-\u2034] ;

NUMBER : ([0-9]+ ('.' [0-9]+)? | '.' [0-9]+) ([eE] [+-]? [0-9]+)? ;
STRING : '"' ~["\r\n]* '"' ;

//===----------------------------------------------------------------------===//
// Signs. Paper notation shares the token of its plain form.
//===----------------------------------------------------------------------===//

PLUS : '+' ;
MINUS : '-' | '\u2212' ;
TIMES : '*' | '⊙' | '∗' | '∘' ;
DIVIDE : '/' | '⊘' ;
MATMUL : '@' | '·' | '×' | '⋅' ;
POWER : '^' ;
MODULO : '%' ;
LESS : '<' ;
LESS_EQUAL : '<=' | '≤' ;
GREATER : '>' ;
GREATER_EQUAL : '>=' | '≥' ;
EQUAL : '==' ;
NOT_EQUAL : '!=' | '≠' ;
ASSIGN : '=' ;
COLON : ':' ;
TILDE : '~' | '∼' ;
COMMA : ',' ;
SEMICOLON : ';' ;
DOT : '.' ;
RANGE : '..' ;
ROOT : '√' ;
TRANSPOSED : 'ᵀ' ;
TIME_SUBSCRIPT : 'ₜ' ([₊₋] [₀-₉]+)? ;
OPEN_PAREN : '(' ;
CLOSE_PAREN : ')' ;
OPEN_BRACKET : '[' ;
CLOSE_BRACKET : ']' ;
OPEN_BRACE : '{' ;
CLOSE_BRACE : '}' ;

//===----------------------------------------------------------------------===//
// Space, and what only other languages have (frontend/parse/Slips.cpp says what to write instead)
//===----------------------------------------------------------------------===//

COMMENT : '//' ~[\r\n]* -> channel(HIDDEN) ;
NEWLINE : '\r\n' | '\n' | '\r' ;
SPACE : [ \t\f\u000B\p{Zs}\uFEFF]+ -> skip ;

FOREIGN_OPERATOR
  : '**' | '.*' | './' | '.^' | '&&' | '||' | '&' | '|' | '!' | ':=' | '←' | '->' | '=>'
  | '+=' | '-=' | '*=' | '/=' | '@=' | '++' | '?' | '∂' | '∇' | '∑' | '∏' | '∈'
  ;
FOREIGN_COMMENT : '#' ~[\r\n]* | '/*' .*? ('*/' | EOF) ;
OPEN_STRING : '"' ~["\r\n]* ;
UNKNOWN : . ;
