# O que um aplicativo poderia fazer, e os dois botões.

consent-heading = { $client } pede para usar sua conta
consent-heading-device = Um aplicativo no seu dispositivo pede para usar sua conta
consent-client = Aplicativo
consent-account = Conta
consent-client-check = Continue somente se você conhece este endereço.
consent-client-check-device = Continue somente se você mesmo acabou de abrir o aplicativo.
consent-picker = Usar outra conta
consent-permissions = Se você aprovar, ele poderá
consent-new = Novo desde { $date }: ele poderá
consent-rest = Como antes, ele poderá
consent-nothing-new = Você já aprovou tudo isto em { $date }.
consent-narrow = Desmarque o que você não quer permitir.
consent-mark-new = Novo
consent-mark-declined = Você recusou da última vez
consent-set-parts =
    { $count ->
        [one] Contém uma permissão
       *[other] Contém { $count } permissões
    }
consent-set-empty = No momento não há nada nele.
consent-touches-account = Sua conta
consent-touches-all = Todos os aplicativos
consent-touches-files = Arquivos
consent-careful = Cuidado:
cannot = Ele não poderá { $things }.
cannot-delete = excluir sua conta
cannot-email = ver seu e-mail
cannot-identity = mudar seu nome de usuário
cannot-join = {", "}
cannot-join-last = {" nem "}
cannot-write-elsewhere = alterar registros de outros aplicativos
consent-scopes = Os scopes exatos
consent-next-host = Em seguida, você vai para { $host }.
consent-next-device = Em seguida, você volta ao aplicativo no seu dispositivo.
consent-next-app = Em seguida, o aplicativo “{ $scheme }” abre no seu dispositivo.
consent-password-stays = Sua senha fica aqui.
consent-approve = Aprovar
consent-deny = Recusar
consent-sets-changed = O que o aplicativo pede mudou enquanto esta página estava aberta. Dê mais uma olhada.
consent-undecided = Escolha um dos dois botões abaixo.
